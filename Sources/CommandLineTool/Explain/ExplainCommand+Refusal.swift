import ArgumentParser
import CoreLink

extension ExplainCommand {
    /// `postern explain refusal`
    struct Refusal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The rule behind the code of a refusal, and whom it refused lately.",
            discussion: """
                Replies that refuse by a rule end with its code in brackets: [R-7f3k2-ab]. The running core tells its rule, how often that refused since \
                the core started, and the latest times with their facts, out of the last 10,000 refusals of all rules.
                """)

        @Argument(help: "The code.") var code: String
        @Option(help: ArgumentHelp("So many of the latest refusals, up to 1000.", valueName: "count")) var last = 3
        @Flag(help: "JSON Lines: the rule, then one object for each refusal.") var json = false
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Self.show(code, last: last, json: json, file)
        }

        static func show(_ code: String, last: Int, json: Bool = false, _ file: ConfigurationOption) async throws {
            let lines = try await ControlClient(file).objects(ControlRequest(.explainRefusal, [code, String(last)]))
            if json {
                for line in lines { StandardOutput.printJSON(line) }
                return
            }
            let rows = try lines.map { try Row($0) }
            if let rule = rows.first { StandardOutput.print(text(rule)) }
            for row in rows.dropFirst() { StandardOutput.print("\n" + refusal(row)) }
        }

        private static func text(_ row: Row) -> String {
            var lines = ["\(row.text("code")), revision \(row.text("revision"))"]
            if !row.text("note").isEmpty { lines += StepText.wrapped(row.text("note"), indentation: "") }
            let rules = row.rows("rules")
            if rules.isEmpty { lines.append("no rule of this configuration has the code any more") }
            for rule in rules {
                lines.append("rule \(rule.text("rule"))" + (rule.text("file").isEmpty ? "" : "  \(rule.text("file")):\(rule.text("line"))"))
                lines.append("    \(rule.text("path"))")
            }
            let times = row.number("count") == 1 ? "once" : "\(row.number("count")) times"
            return (lines + ["refused \(times) since \(row.text("since"))"]).joined(separator: "\n")
        }

        private static func refusal(_ row: Row) -> String {
            var session = row.text("virtual_server").isEmpty ? "a message of our own" : "via \(row.text("virtual_server"))"
            if !row.text("client").isEmpty { session += ", client \(row.text("client"))" }
            if !row.text("client_name").isEmpty { session += " (\(row.text("client_name")))" }
            if !row.text("account").isEmpty { session += ", as \(row.text("account"))" }
            let size = row.text("size").isEmpty ? "" : ", \(row.text("size")) octets"
            // What is refused at MAIL has no recipient yet, and what is refused before it no sender either.
            let to = row.text("to").isEmpty ? "" : " to <\(row.text("to"))>"
            let envelope = row.text("from").isEmpty ? "" : "from \(row.text("from"))\(to)"
            let omitted = row.number("omitted_steps")
            return
                (["\(row.text("time"))  \(session)"] + (envelope.isEmpty ? [] : ["    \(envelope)\(size)"])
                + StepText.wrapped(row.text("reply"), indentation: "    ")
                + (omitted > 0 ? ["    … \(omitted) steps before these"] : []) + StepText.lines(row.rows("trace")))
                .joined(separator: "\n")
        }
    }
}
