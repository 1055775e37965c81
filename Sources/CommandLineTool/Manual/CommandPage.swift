import ServiceRuntime
import TopologyFile

/// The manual page of a command, in man(7), from what it says about itself.
struct CommandPage {
    let command: CommandDump.Command
    /// 1 for what people call, 8 for daemons.
    let section: Int
    /// Of the page: `2026-11-25`.
    let date: String

    var text: String {
        var lines = [
            ".TH \(Roff.literal(command.commandName.uppercased())) \(section) \(date) Postern Postern",
            ".SH NAME",
            "\(Roff.literal(command.commandName)) \\- \(Roff.text(name))",
            ".SH SYNOPSIS",
            synopsis(command, path: command.commandName),
        ]
        if let discussion = command.discussion { lines += [".SH DESCRIPTION", paragraphs(discussion)] }
        lines += [".SH OPTIONS"] + arguments(command)
        let subcommands = displayed(command)
        if !subcommands.isEmpty {
            lines.append(".SH COMMANDS")
            for subcommand in subcommands { lines += self.lines(of: subcommand, under: command.commandName) }
        }
        return (lines + ending).joined(separator: "\n") + "\n"
    }

    /// The abstract as the name section has it: without its full stop (man-pages(7)).
    private var name: String {
        let text = command.abstract ?? command.commandName
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private func displayed(_ command: CommandDump.Command) -> [CommandDump.Command] {
        (command.subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }

    private func lines(of command: CommandDump.Command, under parent: String) -> [String] {
        let path = "\(parent) \(command.commandName)"
        var lines = [".SS \"\(Roff.literal(path))\""]
        if let abstract = command.abstract { lines += [Roff.text(abstract)] }
        lines += [".PP", synopsis(command, path: path)]
        if let discussion = command.discussion { lines += [".PP", paragraphs(discussion)] }
        lines += arguments(command)
        return lines + displayed(command).flatMap { self.lines(of: $0, under: path) }
    }

    private func shown(_ command: CommandDump.Command) -> [CommandDump.Argument] {
        (command.arguments ?? []).filter { $0.shouldDisplay && $0.names?.contains { $0.name == "help" } != true }
    }

    private func synopsis(_ command: CommandDump.Command, path: String) -> String {
        var words = ["\\fB\(Roff.literal(path))\\fR"]
        for argument in shown(command) {
            var word =
                switch argument.kind {
                case .positional: "\\fI\(Roff.literal(argument.valueName ?? "value"))\\fR"
                case .flag: "\\fB\(Roff.literal(preferredName(argument)))\\fR"
                case .option: "\\fB\(Roff.literal(preferredName(argument)))\\fR \\fI\(Roff.literal(argument.valueName ?? "value"))\\fR"
                }
            if argument.isOptional { word = "[\(word)]" }
            words.append(word + (argument.isRepeating ? " ..." : ""))
        }
        if !displayed(command).isEmpty { words.append("\\fIcommand\\fR ...") }
        return words.joined(separator: " ")
    }

    private func preferredName(_ argument: CommandDump.Argument) -> String {
        (argument.names?.first { $0.kind == "long" } ?? argument.names?.first)?.text ?? ""
    }

    private func arguments(_ command: CommandDump.Command) -> [String] {
        var lines: [String] = []
        for argument in shown(command) {
            let value = "\\fI\(Roff.literal(argument.valueName ?? "value"))\\fR"
            let names = (argument.names ?? []).map { "\\fB\(Roff.literal($0.text))\\fR" }.joined(separator: ", ")
            let term =
                switch argument.kind {
                case .positional: value
                case .flag: names
                case .option: "\(names) \(value)"
                }
            var says = [argument.abstract, argument.discussion].compactMap(\.self).map(Roff.text).joined(separator: "\n")
            if let values = argument.allValues, !values.isEmpty {
                says += " One of: \(values.map { Roff.literal($0) }.joined(separator: ", "))."
            }
            if let byDefault = argument.defaultValue { says += " Default: \(Roff.literal(byDefault))." }
            lines += [".TP", term, says]
        }
        return lines + [".TP", "\\fB\\-h\\fR, \\fB\\-\\-help\\fR", "Says this more briefly."]
    }

    private func paragraphs(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            // An indented line is an example: it stays as it is.
            switch (line.isEmpty, line.hasPrefix("  ")) {
            case (true, _): if lines.last != ".PP" { lines.append(".PP") }
            case (_, true):
                if let last = lines.last, last != ".PP", last != ".br" { lines.append(".br") }
                lines += [Roff.text(line.drop { $0 == " " }), ".br"]
            default: lines.append(Roff.text(line))
            }
        }
        if lines.last == ".br" { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    private var ending: [String] {
        var lines: [String] = []
        if section == 8 {
            lines += [
                ".SH SIGNALS", ".TP", "\\fBSIGTERM\\fR, \\fBSIGINT\\fR",
                "Takes nothing new and finishes what is under way, in at most ten seconds; a second one leaves one second.",
                ".TP", "\\fBSIGHUP\\fR", "Reads the configuration again.",
            ]
            lines += [
                ".SH ENVIRONMENT", ".TP", "\\fBLISTEN_FDS\\fR, \\fBLISTEN_PID\\fR, \\fBLISTEN_FDNAMES\\fR",
                "Sockets to listen on, as systemd hands them over (sd_listen_fds(3)).", ".TP",
                "\\fBNOTIFY_SOCKET\\fR, \\fBWATCHDOG_USEC\\fR", "Who hears that it is ready and alive (sd_notify(3)).",
            ]
        }
        lines += [".SH \"EXIT STATUS\""]
        for status in ExitStatus.allCases { lines += [".TP", "\\fB\(status.rawValue)\\fR", meaning(of: status)] }
        lines += [
            ".SH FILES", ".TP", "\\fI/etc/postern/postern.yaml\\fR", "The configuration: postern.yaml(5).",
            ".SH SEE ALSO",
            section == 8 ? "\\fBpostern\\fR(1), \\fBpostern.yaml\\fR(5)" : "\\fBpostern.yaml\\fR(5), \\fBpostern\\-core\\fR(8)",
        ]
        return lines
    }

    private func meaning(of status: ExitStatus) -> String {
        switch status {
        case .success: "Done, or ended because it was asked to."
        case .usage: "The command line is wrong."
        case .dataError: "What was asked for cannot be."
        case .osError: "The system refuses: a port that is taken, a folder, an account."
        case .inputOutput: "Something could not be read or written."
        case .temporaryFailure: "Another try may help."
        case .notPermitted: "This account may not do it."
        case .configuration: "The configuration is wrong."
        }
    }
}
