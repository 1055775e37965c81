import Foundation
import Testing

/// S22, rule 5: a connector whose next hop cannot be reached gives way to the next, and gets its mail again when it is back.
@Suite("Connectors that are down")
struct ConnectorDownTests {
    private static func connectors(main: Int, backup: Int) -> String {
        """
        connectors:
          main:
            address_spaces: [{ domain: relay.test }]
            deliver: { smart_hosts: ["[127.0.0.1]:\(main)"] }
            relay: true
          backup:
            address_spaces: [{ domain: relay.test, cost: 20 }]
            deliver: { smart_hosts: ["[127.0.0.1]:\(backup)"] }
            relay: true
        outbound:
          default:
            retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s }
        """
    }

    private static func send(_ postern: PosternUnderTest, to recipient: String = "user@relay.test") async throws {
        let sent = try await Program.run(
            "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", recipient])
        #expect(sent.status == 0, "\(sent.text)")
    }

    /// Rows of `postern status`: the connectors that are down.
    private static func down(_ postern: PosternUnderTest) async throws -> [[String: Any]] {
        let status = try await postern.postern(["status", "--json"]).output
        return (try JSONSerialization.jsonObject(with: status) as? [String: Any])?["connectors_down"] as? [[String: Any]] ?? []
    }

    @Test(
        "one message, then fifty, take the other connector; status, metrics and explain say so; later mail flows back by itself; nothing twice"
    )
    func otherWay() async throws {
        let (main, backup) = (try SinkUnderTest(), try SinkUnderTest())
        try await backup.start()
        let postern = try PosternUnderTest(
            edge: "limits: { messages_per_connection: none }", rest: Self.connectors(main: main.port, backup: backup.port))
        try await postern.start()
        try await Self.send(postern)
        _ = try await eventually("it goes the other way; the log:\n\(postern.logText.suffix(3000))") {
            try backup.count() == 1 ? true : nil
        }
        _ = try await eventually("nothing waits") { try await postern.queue().isEmpty ? true : nil }
        let result = try await Program.run(
            "smtp-source",
            ["-s", "10", "-m", "50", "-l", "3000", "-d", "-f", "sender@source.test", "-t", "user@relay.test", "127.0.0.1:\(postern.port)"])
        #expect(result.status == 0, "\(result.errors)")
        _ = try await eventually("all of them; the log:\n\(postern.logText.suffix(3000))") { try backup.count() == 51 ? true : nil }
        // It may be tried again just now.
        let row = try await eventually("it is said") { try await Self.down(postern).first }
        #expect(row["connector"] as? String == "main" && (row["last_reply"] as? String)?.contains("refused") == true, "\(row)")
        _ = try await eventually("the metric says it") {
            try await postern.postern(["metrics"]).text.contains("postern_connector_up{connector=\"main\"} 0\n") ? true : nil
        }
        #expect(try await postern.postern(["metrics"]).text.contains("postern_connector_up{connector=\"backup\"} 1\n"))

        let route = [
            "explain", "route", "--via", "internet", "--client", "127.0.0.1", "--from", "a@source.test", "--to", "user@relay.test",
        ]
        let told = try await eventually("explain route knows it") {
            let told = try await postern.postern(route).text
            return told.contains("connector main is down and gives way") ? told : nil
        }
        #expect(told.hasPrefix("accepted: connector backup") && told.contains("main is down since "), "\(told)")
        // Another question: what if it were another one, or if nothing ran.
        #expect(try await postern.postern(route + ["--down", "backup"]).text.hasPrefix("accepted: connector main"))

        try await main.start()
        var sent = 51
        _ = try await eventually(within: 60, "mail goes over main again") {
            try await Self.send(postern)
            sent += 1
            // The pace of the mail: each message is another try, and nothing tells when the timer of the core is over.
            try await Task.sleep(for: .milliseconds(500))
            return try main.count() > 0 ? true : nil
        }
        _ = try await eventually("it is up") { try await Self.down(postern).isEmpty ? true : nil }
        _ = try await eventually("nothing waits") { try await postern.queue().isEmpty ? true : nil }
        #expect(try main.count() + backup.count() == sent)
        #expect(postern.logText.contains("connector is up again"))
        await postern.stop()
        main.stop()
        backup.stop()
    }

    @Test("where all are down, mail waits for the first, and goes when that is back")
    func allDown() async throws {
        let (main, backup) = (try SinkUnderTest(), try SinkUnderTest())
        let postern = try PosternUnderTest(rest: Self.connectors(main: main.port, backup: backup.port))
        try await postern.start()
        for _ in 0..<3 { try await Self.send(postern) }
        _ = try await eventually("both are down") { try await Self.down(postern).count == 2 ? true : nil }
        _ = try await eventually("it waits for main") {
            try await postern.queue().allSatisfy { $0["connector"] as? String == "main" } ? true : nil
        }
        #expect(try await postern.queue().count == 3)
        try await main.start()
        _ = try await eventually(within: 60, "they arrive; the log:\n\(postern.logText.suffix(3000))") {
            try main.count() == 3 ? true : nil
        }
        _ = try await eventually("nothing waits") { try await postern.queue().isEmpty ? true : nil }
        await postern.stop()
        main.stop()
    }

    /// A message that waits, and a configuration that would refuse it by now.
    private static func refused(_ rest: String, _ body: (PosternUnderTest, _ id: String) async throws -> Void) async throws {
        let (main, backup) = (try SinkUnderTest(), try SinkUnderTest())
        let postern = try PosternUnderTest(rest: Self.connectors(main: main.port, backup: backup.port) + "\n")
        try await postern.start()
        try await Self.send(postern)
        let row = try await eventually("it is tried") { try await postern.queue().first { $0["last_error"] is String } }
        let path = postern.folder.file("postern.yaml").path
        let old = try String(contentsOfFile: path, encoding: .utf8)
        try Data((old.replacing("relay: true", with: "relay: false") + rest).utf8).write(to: URL(fileURLWithPath: path))
        #expect(try await postern.postern(["reload"]).status == 0)
        try await body(postern, try #require(row["id"] as? String))
        await postern.stop()
    }

    @Test(
        "kind: mail that came in before a reload is decided about again before it is tried: what is refused now is held, released and deleted"
    )
    func reconfigured() async throws {
        try await Self.refused("") { postern, id in
            let row = try await eventually("it is held; the log:\n\(postern.logText.suffix(3000))") {
                try await postern.queue().first { $0["state"] as? String == "held" }
            }
            #expect((row["held_reason"] as? String)?.contains("Relaying denied") == true && row["held_since"] is String, "\(row)")
            let listed = try await postern.postern(["queue", "list", "--refused"])
            #expect(listed.text.contains("refused by the configuration") && listed.text.contains(id), "\(listed)")
            #expect(try await postern.postern(["queue", "list", "--recipient", "user@relay.test"]).text.contains(id))
            #expect(
                try await postern.postern(["queue", "list", "--recipient", "other@relay.test"]).text == "Nothing in the queue matches.\n")
            #expect(try await postern.postern(["status"]).text.contains("1 recipient refused by the configuration"))

            let released = try await postern.postern(["queue", "release", id])
            #expect(released.status == 65 && released.text.contains("\(id): 1 recipient still refused and held: 550"), "\(released)")
            #expect(try await postern.postern(["queue", "release", "00000000000"]).status == 67)
            #expect(try await postern.postern(["queue", "release"]).status == 64)

            let deleted = try await postern.postern(["queue", "delete", "--refused"])
            #expect(deleted.status == 0 && deleted.text == "\(id): deleted 1 recipient\n", "\(deleted)")
            #expect(try await postern.queue().isEmpty)
            #expect(postern.logText.contains("deleted from the queue, without a report"))
            #expect(!postern.logText.contains("report written"))
        }
    }

    @Test("kind: with `on_reroute_refusal: report` what is refused after a reload is given up")
    func reconfiguredAndReported() async throws {
        try await Self.refused("\non_reroute_refusal: report\n") { postern, _ in
            _ = try await eventually("it is given up; the log:\n\(postern.logText.suffix(3000))") {
                postern.logText.contains("Relaying denied") && postern.logText.contains("\"message\":\"failed\"") ? true : nil
            }
        }
    }
}
