import Foundation
import Testing

/// Who may relay, and as whom: the decision of the reference's rules 0, 2b and 2c and of `permissions.send_as`, as clients see it.
@Suite("The submission server relays for those who may, and for nobody else")
struct RelayPermissionTests {
    private static let strangers = "{ anonymous: true, basic: { mechanisms: [PLAIN] } }"

    private static func secured(_ name: String, at server: SubmissionUnderTest, from address: String = "127.0.0.1") -> String {
        "@\(name) \(server.securePort) \(address)\nTLS\nS: 220\nC: EHLO client.test\nS: 250"
    }

    private static func loggedIn(_ account: String, at server: SubmissionUnderTest) -> String {
        "\(secured(account, at: server))\nAUTH PLAIN \(account) \(SubmissionUnderTest.password)\nS: 235"
    }

    private static func mail(from sender: String, to recipient: String, _ reply: String) -> String {
        "C: MAIL FROM:<\(sender)>\nS: 250 2.1.0\nC: RCPT TO:<\(recipient)>\nS: \(reply)\nC: RSET\nS: 250"
    }

    private func withPeople(_ settings: SubmissionUnderTest.Settings, _ body: (SubmissionUnderTest) async throws -> Void) async throws {
        try await withSubmission(settings) { server in
            for name in ["carl", "dora"] { try await server.postern.addUser("\(name)@local.test", password: SubmissionUnderTest.password) }
            // Sales is dora's by a group within a group.
            for arguments in [
                ["group", "add", "inner@local.test"], ["group", "add-member", "inner@local.test", "dora@local.test"],
                ["group", "add", "staff@local.test"], ["group", "add-member", "staff@local.test", "inner@local.test"],
            ] {
                let result = try await server.postern.postern(arguments)
                #expect(result.status == 0, "\(arguments): \(result.errors)")
            }
            try await body(server)
        }
    }

    @Test("who is not logged in gets 530 at MAIL, and an account of ours is not opened by a sender's address")
    func strangers() async throws {
        try await withSubmission { server in
            let said = try await server.play(
                """
                \(Self.secured("stranger", at: server))
                C: MAIL FROM:<anna@local.test>
                S: 530 5.7.0
                C: RCPT TO:<bert@local.test>
                S: 503 5.5.1
                """)
            #expect(said.isEmpty, "\(said)")
        }
    }

    @Test("accounts: all, none, and grants and denials by nested group; deny wins (S18, S19)")
    func accounts() async throws {
        let cases: [(relay: String, carl: String, dora: String)] = [
            ("{ accounts: all }", "250 2.1.5", "250 2.1.5"),
            ("{ accounts: none }", "550 5.7.1", "550 5.7.1"),
            (#"{ accounts: { grant: ["group:staff"] } }"#, "550 5.7.1", "250 2.1.5"),
            (#"{ accounts: { grant: ["carl", "group:staff"], deny: ["group:inner"] } }"#, "250 2.1.5", "550 5.7.1"),
        ]
        var settings = SubmissionUnderTest.Settings()
        try await withPeople(settings) { server in
            for (relay, carl, dora) in cases {
                settings.relay = relay
                try server.write(settings)
                let reloaded = try await server.postern.postern(["reload"])
                #expect(reloaded.status == 0, "\(reloaded.errors)")
                // The front end takes up the same file a moment after the core; until then it says 421 or 451.
                var said = ""
                _ = try? await eventually(within: 20, "the replies under \(relay)") {  // What was said last is reported.
                    said = try await server.play(
                        """
                        \(Self.loggedIn("carl", at: server))
                        \(Self.mail(from: "carl@local.test", to: "x@far.test", carl))
                        \(Self.mail(from: "carl@local.test", to: "anna@local.test", "250 2.1.5"))
                        \(Self.loggedIn("dora", at: server))
                        \(Self.mail(from: "dora@local.test", to: "x@far.test", dora))
                        """)
                    return said.isEmpty ? true : nil
                }
                #expect(said.isEmpty, "\(relay): \(said)")
            }
        }
    }

    @Test("the sender is one of the account's addresses, or one that its group may send as; 550 says which it is not")
    func sendAs() async throws {
        let rest = """
            permissions:
              send_as:
                - { who: ["group:staff"], addresses: ["sales@local.test"] }
            """
        try await withPeople(.init(rest: rest)) { server in
            let said = try await server.play(
                """
                \(Self.loggedIn("dora", at: server))
                \(Self.mail(from: "dora@local.test", to: "anna@local.test", "250 2.1.5"))
                \(Self.mail(from: "sales@local.test", to: "anna@local.test", "250 2.1.5"))
                \(Self.mail(from: "", to: "anna@local.test", "250 2.1.5"))
                \(Self.mail(from: "carl@local.test", to: "anna@local.test", "550 5.7.1 You may not send as carl@local.test"))
                \(Self.mail(from: "ceo@far.test", to: "anna@local.test", "550 5.7.1 You may not send as ceo@far.test"))
                \(Self.loggedIn("carl", at: server))
                \(Self.mail(from: "sales@local.test", to: "anna@local.test", "550 5.7.1 You may not send as sales@local.test"))
                """)
            #expect(said.isEmpty, "\(said)")
        }
    }

    @Test("computers on the list may relay without a login by address, subnet and confirmed name, and others not (S17)")
    func computers() async throws {
        let dns = try await DNSUnderTest([
            "4.0.0.127.in-addr.arpa. PTR printer.hosts.test.", "printer.hosts.test. A 127.0.0.4",
            // Says that it is the printer, and the printer does not say so.
            "5.0.0.127.in-addr.arpa. PTR printer.hosts.test.",
        ])
        let settings = SubmissionUnderTest.Settings(
            authentication: Self.strangers,
            relay: #"{ accounts: none, computers: { only: ["127.0.0.2", "127.0.1.0/24", "printer.hosts.test"] } }"#,
            server: "reverse_dns: { lookup: true }", rest: #"resolver: { servers: ["127.0.0.1:\#(dns.port)"], dnssec: off }"#)
        try await withPeople(settings) { server in
            let cases = [
                ("127.0.0.2", "250 2.1.5"), ("127.0.1.77", "250 2.1.5"), ("127.0.0.4", "250 2.1.5"), ("127.0.0.5", "550 5.7.1"),
                ("127.0.0.3", "550 5.7.1"),
            ]
            for (address, reply) in cases {
                let said = try await server.play(
                    """
                    \(Self.secured("computer", at: server, from: address))
                    \(Self.mail(from: "scan@printer.test", to: "x@far.test", reply))
                    \(Self.mail(from: "scan@printer.test", to: "anna@local.test", "250 2.1.5"))
                    """)
                #expect(said.isEmpty, "\(address): \(said)")
            }
            // Where nobody may be anonymous, the list is for those who are logged in.
            var strict = settings
            strict.authentication = "{ anonymous: false, basic: { mechanisms: [PLAIN] } }"
            try server.write(strict)
            #expect(try await server.postern.postern(["reload"]).status == 0)
            var said = ""
            _ = try? await eventually(within: 20, "refused at MAIL") {  // What was said last is reported.
                said = try await server.play(
                    """
                    \(Self.secured("computer", at: server, from: "127.0.0.2"))
                    C: MAIL FROM:<scan@printer.test>
                    S: 530 5.7.0
                    AUTH PLAIN carl \(SubmissionUnderTest.password)
                    S: 235
                    \(Self.mail(from: "carl@local.test", to: "x@far.test", "250 2.1.5"))
                    \(Self.loggedIn("carl", at: server))
                    \(Self.mail(from: "carl@local.test", to: "x@far.test", "550 5.7.1"))
                    """)
                return said.isEmpty ? true : nil
            }
            #expect(said.isEmpty, "\(said)")
        }
        dns.stop()
    }

    @Test("a list that lets everybody relay is refused at check until it is acknowledged (S20)", arguments: [false, true])
    func openList(isAcknowledged: Bool) async throws {
        let acknowledgement = isAcknowledged ? ", acknowledge_open_relay: true" : ""
        let server = try await SubmissionUnderTest(
            .init(
                authentication: Self.strangers,
                relay: "{ accounts: none, computers: { all_except: [\"192.0.2.1\"]\(acknowledgement) } }"))
        let result = try await server.postern.postern(["check"])
        #expect((result.status == 0) == isAcknowledged, "\(result.text)\n\(result.errors)")
        if !isAcknowledged { #expect((result.text + result.errors).contains("acknowledge_open_relay")) }
    }
}
