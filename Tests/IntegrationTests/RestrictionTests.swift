import Foundation
import Testing

/// Who may write to whom, over which connector, and where unknown recipients go: refused in the dialogue, with a code.
@Suite("Restrictions act on live mail")
struct RestrictionTests {
    @Test("S24 and S33 refuse by user and nested group at RCPT, and nothing is queued; who is not concerned gets through")
    func restrictions() async throws {
        let sink = try SinkUnderTest()
        try await sink.start()
        let postern = try PosternUnderTest(
            rest: """
                domains: { local.test: authoritative }
                permissions:
                  receive:
                    - { to: ["group:school"], from: authenticated }
                connectors:
                  mailboxes:
                    address_spaces: [{ domain: local.test }]
                    deliver: { maildir: "mail/{domain}/{user}" }
                  partner:
                    address_spaces: [{ domain: relay.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(sink.port)"] }
                    relay: true
                    restrictions: { reject_from: ["spam@far.test; group:school"] }
                """)
        try await postern.start()
        for user in ["sam", "anna"] {
            let added = try await Program.run(
                PosternUnderTest.postern, ["user", "add", "\(user)@local.test", "--password-stdin", "--config", postern.configuration],
                input: Data("a long enough password\n".utf8))
            #expect(added.status == 0, "\(added.errors)")
        }
        for command in [
            ["group", "add", "school@local.test"], ["group", "add", "class@local.test"],
            ["group", "add-member", "class@local.test", "sam@local.test"],
            ["group", "add-member", "school@local.test", "class@local.test"],
        ] {
            #expect(try await postern.postern(command).status == 0)
        }
        for (from, to, reply) in [
            ("x@far.test", "sam@local.test", "550 5.7.1 Not permitted to write to this recipient [R-"),
            ("x@far.test", "class@local.test", "550 5.7.1"), ("spam@far.test", "u@relay.test", "550 5.7.1 Not permitted to send"),
            ("sam@local.test", "u@relay.test", "550 5.7.1 Not permitted to send"),
            ("x@far.test", "u@else.test", "550 5.7.1 Relaying denied [R-"),
            ("x@far.test", "anna@local.test", nil), ("x@far.test", "u@relay.test", nil),
        ] as [(String, String, String?)] {
            let sent = try await Program.run(
                "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", from, "--to", to])
            #expect((sent.status == 0) == (reply == nil), "\(from) to \(to): \(sent.text)")
            if let reply { #expect(sent.text.contains(reply), "\(sent.text)") }
        }
        _ = try await eventually("the message that may go") { try sink.count() == 1 ? true : nil }
        _ = try await eventually("the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        await postern.stop()
        sink.stop()
    }

    @Test("E06: unknown recipients of a shared domain go to its host; E13: the smart host gets what cannot go directly")
    func otherHosts() async throws {
        let (unknown, smart) = (try SinkUnderTest(), try SinkUnderTest())
        try await unknown.start()
        try await smart.start()
        let dead = try FreePort.take()
        let dns = try await DNSUnderTest(["relay.test. MX 10 mx.relay.test.", "mx.relay.test. A 127.0.0.2"])
        let postern = try PosternUnderTest(
            rest: """
                domains:
                  local.test: { shared: { unknown_to: "[127.0.0.1]:\(unknown.port)" } }
                resolver: { servers: ["127.0.0.1:\(dns.port)"], dnssec: off }
                connectors:
                  partner:
                    address_spaces: [{ domain: relay.test }, { domain: gone.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(smart.port)"], direct_first: true }
                    relay: true
                outbound:
                  default: { connections: { port: \(dead) } }
                """)
        try await postern.start()
        for to in ["nobody@local.test", "u@relay.test", "u@gone.test"] {
            let sent = try await Program.run(
                "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "x@far.test", "--to", to])
            #expect(sent.status == 0, "\(sent.text)")
        }
        _ = try await eventually("the host for unknown recipients") { try unknown.count() == 1 ? true : nil }
        _ = try await eventually("the smart host") { try smart.count() == 2 ? true : nil }
        _ = try await eventually("the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        #expect(postern.logText.contains("mx.relay.test"), "the direct way was not tried first")
        await postern.stop()
        for sink in [unknown, smart] { sink.stop() }
        dns.stop()
    }

    @Test("E15: true size, priority and type are known at the end of the data; they refuse in the dialogue, or choose another connector")
    func content() async throws {
        let (first, second) = (try SinkUnderTest(), try SinkUnderTest())
        try await first.start()
        try await second.start()
        let postern = try PosternUnderTest(
            rest: """
                connectors:
                  first:
                    address_spaces: [{ domain: relay.test, cost: 1 }, { domain: one.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(first.port)"] }
                    relay: true
                    content: { maximum_size: 10KiB, priorities: [high, normal], types: [non_system] }
                  second:
                    address_spaces: [{ domain: relay.test, cost: 2 }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(second.port)"] }
                    relay: true
                    content: { priorities: [low] }
                """)
        try await postern.start()
        let large = String(repeating: "0123456789\n", count: 2000)
        for (to, header, body, reply) in [
            ("u@relay.test", "X-A: b", "x", nil), ("u@relay.test", "Importance: low", "x", nil),
            ("u@one.test", "Importance: low", "x", "550 5.7.1"), ("u@one.test", "Auto-Submitted: auto-replied", "x", "550 5.7.1"),
            ("u@one.test", "X-A: b", large, "552 5.3.4"),
        ] as [(String, String, String, String?)] {
            let sent = try await Program.run(
                "swaks",
                [
                    "--server", "127.0.0.1:\(postern.port)", "--from", "x@far.test", "--to", to, "--add-header", header, "--body", body,
                    "--no-hints",
                ])
            #expect((sent.status == 0) == (reply == nil), "\(to), \(header): \(sent.text)")
            if let reply { #expect(sent.text.contains(reply), "\(sent.text)") }
        }
        _ = try await eventually("the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        #expect(try first.count() == 1)
        #expect(try second.count() == 1)
        await postern.stop()
        for sink in [first, second] { sink.stop() }
    }
}
