import Testing

@testable import CommandLineTool

@Suite("manual pages")
struct ManualTests {
    private func page(_ section: Int = 1) -> String {
        let subcommand = CommandDump.Command(
            commandName: "list", abstract: "Lists.", discussion: ".hidden line\n\n  an example", shouldDisplay: true,
            arguments: [
                .init(
                    kind: .option, shouldDisplay: true, isOptional: true, isRepeating: true, names: [.init(kind: "long", name: "of-whom")],
                    valueName: "account", abstract: "With `--json`, C:\\path.", discussion: nil, defaultValue: "nobody",
                    allValues: ["a", "b"])
            ], subcommands: nil)
        let hidden = CommandDump.Command(
            commandName: "secret", abstract: "Hidden.", discussion: nil, shouldDisplay: false, arguments: nil, subcommands: nil)
        let command = CommandDump.Command(
            commandName: "postern-x", abstract: "Does something.", discussion: nil, shouldDisplay: true, arguments: nil,
            subcommands: [subcommand, hidden])
        return CommandPage(command: command, section: section, date: "2026-11-25").text
    }

    @Test("a page names the command, its subcommands, and their options with values and defaults")
    func whole() {
        let text = page()
        for line in [
            ".TH POSTERN\\-X 1 2026-11-25 Postern Postern", "postern\\-x \\- Does something", ".SS \"postern\\-x list\"",
            "\\fBpostern\\-x list\\fR [\\fB\\-\\-of\\-whom\\fR \\fIaccount\\fR] ...",
            "With \\fB\\-\\-json\\fR, C:\\epath. One of: a, b. Default: nobody.",
        ] { #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)") }
        #expect(!text.contains("Hidden."))
    }

    @Test("a line of text never becomes a request of roff")
    func requests() { #expect(page().contains("\n\\&.hidden line\n")) }

    @Test("a daemon's page says what signals do, a command's does not")
    func signals() {
        #expect(page(8).contains(".SH SIGNALS"))
        #expect(!page(1).contains(".SH SIGNALS"))
    }
}
