import ArgumentParser
import CoreLink
import Foundation

/// `postern status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the running core does: queue, leases, next hops out of reach.")

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
        for line in try await ControlClient(file).objects(ControlRequest(.status)) {
            if json { StandardOutput.printJSON(line) } else { show(try Row(line)) }
        }
    }

    /// Said by `postern health`, too.
    static let noMailbox =
        "never had a user, alias or group: mail for our domains is deferred with 451. Add a user, or mount the volume that was meant"

    /// One mechanism that is not offered, and why. Said by `postern health`, too.
    static func mechanismOff(_ off: Row) -> String {
        let until = off.value("until").isEmpty ? "" : " until \(off.text("until"))"
        return "mechanism \(off.text("mechanism"))\(until): \(off.text("reason"))"
    }

    private func show(_ row: Row) {
        StandardOutput.print(
            """
            host            \(row.text("hostname"))
            configuration   \(row.text("configuration")) (revision \(row.text("revision")))
            running since   \(row.text("started_at"))
            queue           \(row.text("messages")) messages, \(row.text("recipients")) recipients, \(row.text("leases")) under way
            since start     \(row.text("accepted_messages")) messages accepted, \(row.text("delivered_recipients")) recipients delivered
            """)
        if row.flag("awaits_first_mailbox") { StandardOutput.print("directory       \(Self.noMailbox)") }
        if row.number("damaged_messages") > 0 {
            StandardOutput.print("damaged         \(row.text("damaged_messages")) messages found damaged since start: `postern queue list`")
        }
        if row.number("files_aside") > 0 {
            StandardOutput.print(
                "kept aside      \(row.text("files_aside")) content files, \(row.text("octets_aside")) octets, each for 7 days")
        }
        for connector in row.rows("connectors_down") {
            StandardOutput.print(
                "down            connector \(connector.text("connector")), tried again \(connector.text("tried_again_at"))")
            StandardOutput.print("                \(connector.text("failures")) failures since \(connector.text("since"))")
            StandardOutput.print("                \(connector.text("last_reply"))")
        }
        for off in row.rows("mechanisms_off") { StandardOutput.print("switched off    \(Self.mechanismOff(off))") }
        for hop in row.rows("paused_next_hops") {
            StandardOutput.print(
                "out of reach    \(hop.text("next_hop")) (connector \(hop.text("connector"))), next attempt \(hop.text("until"))")
        }
        let count = row.number("paused_next_hop_count")
        let shown = row.rows("paused_next_hops").count
        if count > shown { StandardOutput.print("                and \(count - shown) more next hops, tried again later than these") }
    }
}
