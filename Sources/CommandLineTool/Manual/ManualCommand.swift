import ArgumentParser
import Foundation
import ServiceRuntime
import TopologyFile

/// `postern manual`: for `make install`.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print a manual page, in man(7).",
        discussion: """
            Without --configuration, that of the command whose --experimental-dump-help comes on standard input:
              postern-edge --experimental-dump-help | postern manual --section 8 --date 2026-11-25
            """,
        shouldDisplay: false)

    @Option(help: "1 for what people call, 8 for daemons.") var section = 1
    @Option(help: "The date of the page.") var date: String
    @Flag(help: "That of the configuration file: postern.yaml(5).") var configuration = false

    func validate() throws {
        guard [1, 8].contains(section) else { throw ValidationError("--section: \(section) is neither 1 nor 8") }
        guard date.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil else {
            throw ValidationError("--date: '\(date)' is no date such as 2026-11-25")
        }
    }

    func run() throws {
        guard !configuration else { return StandardOutput.print(TopologyFile.manualPage(date: date), terminator: "") }
        let input = try FileHandle.standardInput.readToEnd() ?? Data()
        let dump: CommandDump
        do { dump = try JSONDecoder().decode(CommandDump.self, from: input) } catch {
            Environment.printError("postern: standard input is not what a command prints with --experimental-dump-help: \(error)")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
        StandardOutput.print(CommandPage(command: dump.command, section: section, date: date).text, terminator: "")
    }
}
