import ArgumentParser
import CoreLink

extension ExplainCommand {
    /// `postern explain message`
    struct Message: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Why a message in the queue goes where it goes.",
            discussion: """
                Each recipient that is left, at most 100, is decided about again by today's configuration, with the facts that the queue has,
                as before each attempt to deliver it. Who was logged in is not among these facts.
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
                for line in lines { StandardOutput.print(line) }
                return
            }
            let rows = try lines.map { try Row($0) }
            StandardOutput.print("\(id), decided again by revision \(rows.first?.text("revision") ?? "")")
            for row in rows { StandardOutput.print("\n" + text(row)) }
        }

        private static func text(_ row: Row) -> String {
            var lines = ["from \(row.text("from")) to <\(row.text("to"))>"]
            if !row.text("written_to").isEmpty { lines.append("    written to <\(row.text("written_to"))>") }
            lines.append("    has \(row.text("next_hop")) (connector \(row.text("connector")))")
            if row.text("reply").isEmpty {
                lines.append("    gets \(row.text("new_next_hop")) (connector \(row.text("new_connector")))")
            } else {
                lines += StepText.wrapped("would be refused: \(row.text("reply"))", indentation: "    ")
            }
            return (lines + StepText.lines(row.rows("trace"))).joined(separator: "\n")
        }
    }
}
