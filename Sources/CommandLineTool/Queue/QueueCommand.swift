import ArgumentParser
import CoreLink
import Foundation

/// `postern queue`
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Look into the queue; release or delete what is held.",
        subcommands: [List.self, Show.self, Release.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every recipient that is not finished yet.",
            discussion: """
                A line for each message, and below it each recipient with its state: ready (due, waits its turn), under way, the time of the \
                next attempt, held (refused by the configuration: see `postern queue release`), or damaged (cannot be read as it came in, and \
                is not delivered).
                """)

        @Flag(help: "Only mail that the configuration refuses.") var refused = false
        @Option(help: "Only mail to this address, also where it was written to an alias or a group.") var recipient: String?

        @OptionGroup var file: ConfigurationOption
        @Flag(help: "JSON Lines: one object per recipient.") var json = false
        @Flag(help: "Exact times in UTC, in place of `in 14 min`.") var utc = false

        func run() async throws {
            let client = try ControlClient(file)
            let request = ControlRequest(.queueList, (refused ? ["--refused"] : []) + (recipient.map { ["--recipient", $0] } ?? []))
            if json { return try await client.run(request) { StandardOutput.printJSON($0) } }
            var listing = QueueListing(time: .init(isExact: utc), paint: .ofStandardOutput())
            for try await row in client.rows(request) {
                StandardOutput.printPainted(listing.lines(of: row).joined(separator: "\n"))
            }
            guard listing.isEmpty else { return }
            StandardOutput.print(request.arguments.isEmpty ? "The queue is empty." : "Nothing in the queue matches.")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One message, with the recipients that are left.")

        @Argument(help: "The queue id.") var id: String
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "One JSON object; several, each with some of its recipients, for a message with thousands.") var json = false
        @Flag(help: "Exact times in UTC, in place of `in 14 min`.") var utc = false

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
            let time = HumanTime.Form(isExact: utc)
            let client = [row.text("client_address"), row.text("client_name")].filter { !$0.isEmpty }.joined(separator: " ")
            let name = row.text("helo").isEmpty ? "" : " (HELO \(row.text("helo")))"
            StandardOutput.print(
                """
                id        \(row.text("id"))
                received  \(time.past(row.text("received_at")))
                from      \(row.text("reverse_path").isEmpty ? "<> (a report)" : row.text("reverse_path"))
                size      \(row.text("size")) octets
                header    \(row.text("message_id").isEmpty ? "without a Message-ID" : "Message-ID \(row.text("message_id"))")
                client    \(client.isEmpty ? "this system" : "\(client)\(name), over \(row.text("virtual_server"))")

                """)
            // Of one message: the line about it has been said.
            var listing = QueueListing(time: time, paint: .ofStandardOutput())
            for (number, recipient) in parts.flatMap({ $0.rows("recipients") }).enumerated() {
                let lines = listing.lines(of: recipient)
                StandardOutput.printPainted((number == 0 ? Array(lines.dropFirst()) : lines).joined(separator: "\n"))
            }
        }
    }
}
