import ArgumentParser
import CoreLink

extension ExplainCommand {
    /// `postern explain message`
    struct Message: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Why a message in the queue goes where it goes.",
            discussion: """
                Each recipient that is left, at most 100: how it was decided about when the message came in, as it was recorded then, and what \
                would be decided by today's configuration with the same facts.
                """)

        @Argument(help: "The queue id.") var id: String
        @Flag(help: "JSON Lines: one object for each recipient.") var json = false
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Self.show(id, json: json, file)
        }

        static func show(_ id: String, json: Bool = false, _ file: ConfigurationOption) async throws {
            let lines = try await ControlClient(file).objects(ControlRequest(.explainMessage, [id]))
            if json {
                for line in lines { StandardOutput.printJSON(line) }
                return
            }
            let rows = try lines.map { try Row($0) }
            StandardOutput.print("\(id), received \(rows.first?.text("received_at") ?? "")")
            for row in rows { StandardOutput.print("\n" + text(row)) }
        }

        private static func text(_ row: Row) -> String {
            var lines = ["from \(row.text("from")) to <\(row.text("to"))>"]
            if !row.text("written_to").isEmpty { lines.append("    written to <\(row.text("written_to"))>") }
            lines.append("    goes to \(row.text("next_hop")) (connector \(row.text("connector")))")
            let recorded = row.rows("decided")
            if recorded.isEmpty {
                lines.append("how that was decided was not recorded")
            } else {
                lines.append("decided by revision \(row.text("decided_revision")):")
                lines += StepText.lines(recorded)
            }
            return (lines + today(row)).joined(separator: "\n")
        }

        /// What the decision would be now.
        private static func today(_ row: Row) -> [String] {
            let head = "today, by revision \(row.text("revision")): "
            guard row.text("reply").isEmpty else {
                return StepText.wrapped("\(head)it would be refused: \(row.text("reply"))", indentation: "")
                    + StepText.lines(row.rows("trace"))
            }
            let isSame = row.text("new_connector") == row.text("connector") && row.text("new_next_hop") == row.text("next_hop")
            if isSame { return ["\(head)the same"] }
            return ["\(head)\(row.text("new_next_hop")) (connector \(row.text("new_connector")))"] + StepText.lines(row.rows("trace"))
        }
    }
}
