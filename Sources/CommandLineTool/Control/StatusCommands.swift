import ArgumentParser
import CoreLink
import Foundation

/// `postern status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the running core does: queue, leases, next hops out of reach.")

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "One JSON object.") var json = false
    @Flag(help: "Exact times in UTC, in place of `in 14 min`.") var utc = false

    func run() async throws {
        for line in try await ControlClient(file).objects(ControlRequest(.status)) {
            if json { StandardOutput.printJSON(line) } else { show(try Row(line), HumanTime.Form(isExact: utc)) }
        }
    }

    /// Said by `postern health`, too.
    static let noMailbox =
        "never had a user, alias or group: mail for our domains is deferred with 451. Add a user, or mount the volume that was meant"

    /// One mechanism that is not offered, and why. Said by `postern health`, too.
    static func mechanismOff(_ off: Row, _ time: HumanTime.Form) -> String {
        let until = off.value("until").isEmpty ? "" : ", tried again \(time.due(off.text("until")))"
        return "mechanism \(off.text("mechanism"))\(until): \(off.text("reason"))"
    }

    private func show(_ row: Row, _ time: HumanTime.Form) {
        func count(_ key: String, _ noun: String) -> String { Plural.text(row.number(key), noun) }
        StandardOutput.print(
            """
            host            \(row.text("hostname"))
            configuration   \(row.text("configuration")) (revision \(row.text("revision")))
            started         \(time.past(row.text("started_at")))
            queue           \(count("messages", "message")), \(count("recipients", "recipient")), \(row.text("leases")) under way
            since start     \(count("accepted_messages", "message")) accepted, \(count("delivered_recipients", "recipient")) delivered
            """)
        if row.flag("awaits_first_mailbox") { StandardOutput.print("directory       \(Self.noMailbox)") }
        if row.number("held_recipients") > 0 {
            StandardOutput.print(
                "held            \(count("held_recipients", "recipient")) refused by the configuration: `postern queue list --refused`")
        }
        if row.number("damaged_messages") > 0 {
            StandardOutput.print("damaged         \(count("damaged_messages", "message")) found damaged since start: `postern queue list`")
        }
        if row.number("files_aside") > 0 {
            StandardOutput.print(
                "kept aside      \(count("files_aside", "content file")), \(count("octets_aside", "octet")), each for 7 days")
        }
        for connector in row.rows("connectors_down") {
            let other = connector.flag("has_other_way") ? "; its mail takes another way" : ""
            StandardOutput.print(
                "down            connector \(connector.text("connector")), \(Self.nextAttempt(connector, "tried_again_at", time))\(other)")
            StandardOutput.print(
                "                \(Plural.text(connector.number("failures"), "failure")), the first \(time.past(connector.text("since")))")
            StandardOutput.print("                \(connector.text("last_reply"))")
        }
        for one in row.rows("not_done") { StandardOutput.print("not done        \(one.text("daemon")) \(one.text("reason"))") }
        for off in row.rows("mechanisms_off") { StandardOutput.print("switched off    \(Self.mechanismOff(off, time))") }
        for hop in row.rows("paused_next_hops") {
            StandardOutput.print(
                "out of reach    \(hop.text("next_hop")) (connector \(hop.text("connector"))), \(Self.nextAttempt(hop, "until", time))")
            let failures = "\(Plural.text(hop.number("failures"), "failure")), the first \(time.past(hop.text("since")))"
            StandardOutput.print("                \(failures): \(hop.text("last_error"))")
        }
        let hops = row.number("paused_next_hop_count")
        let shown = row.rows("paused_next_hops").count
        if hops > shown {
            StandardOutput.print("                and \(Plural.text(hops - shown, "more next hop")), tried again later than these")
        }
    }

    /// `tried again in 14 min`; where nothing is planned, the next message for it is the next attempt.
    private static func nextAttempt(_ row: Row, _ name: String, _ time: HumanTime.Form) -> String {
        let moment = row.text(name)
        return moment.isEmpty ? "tried again with its next message" : "tried again \(time.due(moment))"
    }
}
