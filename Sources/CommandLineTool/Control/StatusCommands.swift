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
            if json { StandardOutput.print(line) } else { show(try Row(line)) }
        }
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
        for connector in row.rows("connectors_down") {
            StandardOutput.print(
                "down            connector \(connector.text("connector")), tried again \(connector.text("tried_again_at"))")
            StandardOutput.print("                \(connector.text("failures")) failures since \(connector.text("since"))")
            StandardOutput.print("                \(connector.text("last_reply"))")
        }
        for off in row.rows("mechanisms_off") {
            StandardOutput.print(
                "switched off    mechanism \(off.text("mechanism")) until \(off.text("until")): postern-auth has died under it repeatedly")
        }
        for hop in row.rows("paused_next_hops") {
            StandardOutput.print(
                "out of reach    \(hop.text("next_hop")) (connector \(hop.text("connector"))), next attempt \(hop.text("until"))")
        }
        let count = row.number("paused_next_hop_count")
        let shown = row.rows("paused_next_hops").count
        if count > shown { StandardOutput.print("                and \(count - shown) more next hops, tried again later than these") }
    }
}
