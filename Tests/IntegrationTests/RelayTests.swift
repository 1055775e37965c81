import Foundation
import Testing

/// Mail for one domain goes on through a connector with `relay: true`, to servers that are not ours.
@Suite("Mail is relayed")
struct RelayTests {
    private func relay(to port: Int) -> String {
        """
        connectors:
          partner:
            address_spaces: [{ domain: relay.test }]
            deliver: { smart_hosts: ["[127.0.0.1]:\(port)"] }
            relay: true
        outbound:
          default:
            retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s }
        """
    }

    @Test("to smtp-sink: 300 messages over 10 sessions, each once")
    func toSink() async throws {
        let sink = try SinkUnderTest()
        try await sink.start()
        let postern = try PosternUnderTest(edge: "limits: { messages_per_connection: none }", rest: relay(to: sink.port))
        try await postern.start()
        let result = try await Program.run(
            "smtp-source",
            ["-s", "10", "-m", "300", "-l", "3000", "-d", "-f", "sender@source.test", "-t", "user@relay.test", "127.0.0.1:\(postern.port)"])
        #expect(result.status == 0, "\(result.errors)")
        _ = try await eventually("300 messages at the sink; the log:\n\(postern.logText.suffix(3000))") {
            try sink.count() >= 300 ? true : nil
        }
        _ = try await eventually("the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        #expect(try sink.count() == 300)
        await postern.stop()
        sink.stop()
    }

    @Test("a next hop that is down keeps mail waiting, says why, and gets it when it is back")
    func hostDown() async throws {
        let sink = try SinkUnderTest()
        let postern = try PosternUnderTest(rest: relay(to: sink.port))
        try await postern.start()
        let sent = try await Program.run(
            "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", "user@relay.test"])
        #expect(sent.status == 0, "\(sent.text)")
        let row = try await eventually("the recipient waits for its next hop, which was tried") {
            try await postern.queue().first { $0["last_error"] is String }
        }
        #expect(row["recipient"] as? String == "user@relay.test" && row["attempts"] as? Int == 0)
        #expect((row["last_error"] as? String)?.contains("refused") == true, "\(row)")
        try await sink.start()
        _ = try await eventually("the message at the sink") { try sink.count() == 1 ? true : nil }
        _ = try await eventually("the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        await postern.stop()
        sink.stop()
    }
}
