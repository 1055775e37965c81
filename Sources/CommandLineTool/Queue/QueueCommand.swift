import ArgumentParser
import CoreLink
import Foundation

/// `postern queue`
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Look into the queue.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every recipient that is not finished yet.",
            discussion: """
                States: ready (due, waits its turn), active (being delivered now), retry (tried again at the time shown), damaged (cannot \
                be read as it came in, and is not delivered; looked at again at the time shown).
                """)

        @OptionGroup var file: ConfigurationOption
        @Flag(help: "JSON Lines: one object per recipient.") var json = false

        func run() async throws {
            let client = try ControlClient(file)
            if json { return try await client.run(ControlRequest(.queueList)) { StandardOutput.printJSON($0) } }
            var table = TextTable("ID", "STATE", "FROM", "TO", "CONNECTOR", "NEXT HOP", "ATTEMPTS", "NEXT ATTEMPT", "LAST ERROR")
            for line in try await client.objects(ControlRequest(.queueList)) {
                let row = try Row(line)
                table.add(
                    row.text("id"), row.text("state"), row.text("reverse_path").isEmpty ? "<>" : row.text("reverse_path"),
                    row.text("recipient"), row.text("connector"), row.text("next_hop"), row.text("attempts"), row.text("next_attempt_at"),
                    row.text("last_error"))
            }
            StandardOutput.print(table.isEmpty ? "The queue is empty." : table.text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One message, with the recipients that are left.")

        @Argument(help: "The queue id.") var id: String
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "One JSON object; several, each with some of its recipients, for a message with thousands.") var json = false

        func run() async throws {
            let lines = try await ControlClient(file).objects(ControlRequest(.queueShow, [id]))
            if json {
                for line in lines { StandardOutput.printJSON(line) }
                return
            }
            show(try lines.map { try Row($0) })
        }

        private func show(_ parts: [Row]) {
            guard let row = parts.first else { return }
            StandardOutput.print(
                """
                id        \(row.text("id"))
                received  \(row.text("received_at"))
                from      \(row.text("reverse_path").isEmpty ? "<>" : row.text("reverse_path"))
                size      \(row.text("size")) octets
                client    \(row.text("client_address")) \(row.text("client_name")) (HELO \(row.text("helo")), virtual server \(row.text("virtual_server")))

                """)
            var table = TextTable("TO", "STATE", "CONNECTOR", "NEXT HOP", "ATTEMPTS", "NEXT ATTEMPT", "LAST ERROR")
            for recipient in parts.flatMap({ $0.rows("recipients") }) {
                table.add(
                    recipient.text("recipient"), recipient.text("state"), recipient.text("connector"), recipient.text("next_hop"),
                    recipient.text("attempts"), recipient.text("next_attempt_at"), recipient.text("last_error"))
            }
            StandardOutput.print(table.text)
        }
    }
}
