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
        for line in try await ControlClient(topology: try file.topology()).objects(ControlRequest(.status)) {
            if json { print(line) } else { show(try Row(line)) }
        }
    }

    private func show(_ row: Row) {
        print(
            """
            host            \(row.text("hostname"))
            configuration   \(row.text("configuration")) (revision \(row.text("revision")))
            running since   \(row.text("started_at"))
            queue           \(row.text("messages")) messages, \(row.text("recipients")) recipients, \(row.text("leases")) under way
            since start     \(row.text("accepted_messages")) messages accepted, \(row.text("delivered_recipients")) recipients delivered
            """)
        for hop in row.rows("paused_next_hops") {
            print("out of reach    \(hop.text("next_hop")) (connector \(hop.text("connector"))), next attempt \(hop.text("until"))")
        }
    }
}

/// `postern metrics`
struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "metrics", abstract: "Counters and gauges in the Prometheus text format.")

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        for text in try await ControlClient(topology: try file.topology()).objects(ControlRequest(.metrics)) { print(text, terminator: "") }
    }
}

/// `postern reload`
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have all daemons read the configuration again; a bad one is refused, and the old one stays.")

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        let answer = try await ControlClient(topology: try file.topology()).objects(ControlRequest(.reload))
        if let line = answer.first { print("reloaded, revision \(try Row(line).text("revision"))") }
    }
}
