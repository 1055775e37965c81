import Foundation
import Testing

/// What people have tried on relays, played against the executables: as a stranger at the edge, as a stranger, as a computer that may
/// relay and as somebody logged in who may not, at a submission server. What left is read where it would have arrived.
@Suite("Relay tricks end to end")
struct RelayTrickTests {
    /// A recipient as sent, and the reply to it.
    struct Trick: CustomStringConvertible {
        /// With Python's escapes.
        let path: String
        /// The reply to those who may not relay.
        let reply: String
        /// The reply to a computer that may relay, where it is another.
        let inside: String
        /// Where mail goes that is taken: a mailbox of ours, or the address that arrives elsewhere.
        let destination: String?

        init(_ path: String, _ reply: String, inside: String? = nil, to destination: String? = nil) {
            (self.path, self.reply, self.inside, self.destination) = (path, reply, inside ?? reply, destination)
        }

        /// Its row in docs/routing.md.
        var description: String {
            let shown = path.count > 60 ? "`\(path.prefix(8))…\(path.suffix(12))` (\(path.count) octets)" : "`\(path)`"
            return "| \(shown) | \(reply) | \(inside) | \(destination.map { $0.count > 60 ? "the same" : $0 } ?? "") |"
        }
    }

    /// Names here that nobody has; other people's domains; paths that are none.
    private static let (unknown, denied, malformed, taken) = ("550 5.1.1", "550 5.7.1", "501 5.1.3", "250 2.1.5")

    private static let longName = String(repeating: "x", count: 65)

    static let tricks = [
        // Local parts that once meant a next hop.
        Trick("<x%far.test@local.test>", unknown),
        Trick("<x%far.test%local.test@local.test>", unknown),
        Trick("<far.test!x@local.test>", unknown),
        Trick("<local.test!far.test!x@local.test>", unknown),
        Trick(#"<"x@far.test"@local.test>"#, unknown),
        Trick(#"<"x%far.test"@local.test>"#, unknown),
        Trick(#"<"@far.test:x"@local.test>"#, unknown),
        Trick(#"<"<x@far.test>"@local.test>"#, unknown),
        Trick(#"<"anna"@local.test>"#, taken, to: "anna"),
        // Source routes are dropped (RFC 5321 appendix C); what counts is the mailbox.
        Trick("<@local.test:x@far.test>", denied, inside: taken, to: "x@far.test"),
        Trick("<@local.test,@mx.postern.test:x@far.test>", denied, inside: taken, to: "x@far.test"),
        Trick("<@far.test,@away.test:anna@local.test>", taken, to: "anna"),
        Trick("<@[127.0.0.1]:x@far.test>", denied, inside: taken, to: "x@far.test"),
        // Two domains, two mailboxes, none.
        Trick("<x@local.test@far.test>", malformed),
        Trick("<anna@local.test@far.test>", malformed),
        Trick("<x@far.test@local.test>", malformed),
        Trick("<x@far.test,anna@local.test>", malformed),
        Trick("<anna@local.test> <x@far.test>", "501 5.5.4"),
        Trick("<@far.test>", malformed),
        Trick("<>", malformed),
        Trick("<far.test!x>", malformed),
        Trick(#"<"x@far.test">"#, malformed),
        Trick("<x>", malformed),
        // The one mailbox without a domain (RFC 5321 section 4.5.1).
        Trick("<postmaster>", taken, to: "anna"),
        Trick("<PostMaster>", taken, to: "anna"),
        // Address literals are nobody's domain here, not even our own addresses.
        Trick("<x@[127.0.0.1]>", denied, inside: taken, to: "x@[127.0.0.1]"),
        Trick("<anna@[127.0.0.1]>", denied, inside: taken, to: "anna@[127.0.0.1]"),
        Trick("<x%far.test@[127.0.0.1]>", denied, inside: taken, to: "x%far.test@[127.0.0.1]"),
        Trick("<x@[IPv6:2001:db8::1]>", denied, inside: taken, to: "x@[IPv6:2001:db8::1]"),
        Trick("<anna@[local.test]>", malformed),
        // The same domain in other words, and others that look like it.
        Trick("<ANNA@LOCAL.TEST>", taken, to: "anna"),
        Trick("<anna@local.test.>", taken, to: "anna"),
        Trick("<anna@local.test..>", malformed),
        Trick("<x@FAR.TEST.>", denied, inside: taken, to: "x@far.test"),
        Trick("<anna@sub.local.test>", denied, inside: taken, to: "anna@sub.local.test"),
        Trick("<anna@xlocal.test>", denied, inside: taken, to: "anna@xlocal.test"),
        Trick("<anna@local.test.far.test>", denied, inside: taken, to: "anna@local.test.far.test"),
        // An internationalized domain of ours in both of its forms, and the one with a look-alike letter (RFC 5891).
        Trick("<anna@xn--bcher-kva.test>", taken, to: "books"),
        Trick("<anna@bücher.test>", taken, to: "books"),
        Trick("<anna@BÜCHER.test>", taken, to: "books"),
        Trick("<anna@ｌｏｃａｌ.test>", taken, to: "anna"),
        Trick("<anna@xn--lcal-55d.test>", denied, inside: taken, to: "anna@xn--lcal-55d.test"),
        // Longer than others have to take (RFC 5321 section 4.5.3.1), longer than a domain can be, and octets that are in no address.
        Trick("<\(longName)@far.test>", denied, inside: taken, to: "\(longName)@far.test"),
        Trick("<\(longName)@local.test>", unknown),
        Trick("<\(String(repeating: "x", count: 250))@far.test>", malformed),
        Trick("<x@\(String(repeating: "x.", count: 125))far.test>", malformed),
        Trick(#"<x\x00@far.test>"#, "500 5.5.2"),
        Trick(#"<anna@local.test\x00.far.test>"#, "500 5.5.2"),
        Trick(#"<x@far.test\x0d>"#, "500 5.5.2"),
        Trick("x@far.test", malformed),
    ]

    @Test("the page on routing shows the same rows, and no others")
    func page() throws {
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/routing.md"),
            encoding: .utf8)
        let shown = page.split(separator: "\n").drop { $0 != "| recipient as sent | outside, or logged in | inside | goes to |" }
            .dropFirst(2).prefix { $0.hasPrefix("|") }
        #expect(shown.map(String.init) == Self.tricks.map(\.description))
    }

    private static let settings = SubmissionUnderTest.Settings(
        tls: "{ mode: offered }", authentication: "{ anonymous: true, basic: { mechanisms: [PLAIN], require_tls: false } }",
        relay: #"{ accounts: none, computers: { only: ["127.1.0.0/16"] } }"#,
        server: "limits: { messages_per_connection: none }",
        rest: """
              books: { address_spaces: [{ domain: bücher.test }], deliver: { maildir: "mail/{domain}/{user}" } }
            """, domains: "{ local.test: authoritative, bücher.test: authoritative }")

    /// Who tries.
    private struct Position {
        let name, address, sender: String
        var isAtEdge = false
        var account: String?
        var mayRelay = false
    }

    private static let positions = [
        Position(name: "outside", address: "127.0.0.1", sender: "spam@far.test", isAtEdge: true),
        Position(name: "outside, with a reverse-path of ours", address: "127.0.0.1", sender: "anna@local.test", isAtEdge: true),
        Position(name: "outside, with none", address: "127.1.2.3", sender: "", isAtEdge: true),
        Position(name: "a stranger at the submission server", address: "127.0.0.1", sender: "anna@local.test"),
        Position(name: "logged in", address: "127.0.0.1", sender: "anna@local.test", account: "anna"),
        Position(name: "inside", address: "127.1.2.3", sender: "printer@local.test", mayRelay: true),
    ]

    @Test(
        "each is refused, or goes to one of ours; only from a computer that may relay does anything leave, and to the address that it names"
    )
    func tricks() async throws {
        try await withPeople { server in
            var mailboxes: [String: Int] = [:]
            var world: [String] = []
            for position in Self.positions {
                let said = try await server.play(
                    Self.tricks.enumerated().map { Self.dialogue($0.offset, $0.element, position, server) }.joined(separator: "\n"))
                #expect(said.isEmpty, "\(position.name): \(said.prefix(4000))")
                for trick in Self.tricks where (position.mayRelay ? trick.inside : trick.reply) == Self.taken {
                    let destination = try #require(trick.destination)
                    if destination.contains("@") { world.append(destination) } else { mailboxes[destination, default: 0] += 1 }
                }
                _ = try await eventually("nothing waits; the log:\n\(server.postern.logText.suffix(3000))") {
                    try await server.postern.queue().isEmpty ? true : nil
                }
                #expect(try server.world.recipients().sorted() == world.sorted(), "\(position.name)")
            }
            #expect(try server.postern.messages(for: "anna").count == mailboxes["anna"])
            #expect(try server.postern.messages(for: "anna", domain: "xn--bcher-kva.test").count == mailboxes["books"])
        }
    }

    private static func dialogue(_ index: Int, _ trick: Trick, _ position: Position, _ server: SubmissionUnderTest) -> String {
        let reply = position.mayRelay ? trick.inside : trick.reply
        let isInternational = !trick.path.utf8.allSatisfy { $0 < 0x80 }
        return """
            @\(index) \(position.isAtEdge ? server.postern.port : server.port) \(position.address)
            S: 220
            C: EHLO client.test
            S: 250
            \(position.account.map { "AUTH PLAIN \($0) \(SubmissionUnderTest.password)\nS: 235" } ?? "")
            C: MAIL FROM:<\(position.sender)>\(isInternational ? " SMTPUTF8" : "")
            S: 250
            C: RCPT TO:\(trick.path)
            S: \(reply)
            C: DATA
            \(reply == taken ? "S: 354\nC: Subject: \(index)\\r\\n\\r\\nHello.\\r\\n.\nS: 250 2.0.0" : "S: 5")
            C: QUIT
            S: 221
            """
    }

    private func withPeople(_ body: (SubmissionUnderTest) async throws -> Void) async throws {
        try await withSubmission(Self.settings) { server in
            try await server.postern.addUser("anna@bücher.test")
            for arguments in [
                ["alias", "add", "postmaster@local.test", "anna@local.test"],
                ["alias", "add", "forward@local.test", "x@far.test", "--forward"],
                ["group", "add", "list@local.test"], ["group", "add-member", "list@local.test", "forward@local.test"],
                ["group", "add-member", "list@local.test", "bert@local.test"],
            ] {
                let result = try await server.postern.postern(arguments)
                #expect(result.status == 0, "\(arguments): \(result.errors)")
            }
            try await body(server)
        }
    }

    @Test("an alias or group that leads out of our domains leads to the address in the directory, and to none that a stranger adds")
    func expansion() async throws {
        try await withPeople { server in
            let said = try await server.play(
                """
                @edge \(server.postern.port)
                S: 220
                C: EHLO client.test
                S: 250
                C: MAIL FROM:<spam@far.test>
                S: 250
                C: RCPT TO:<list@local.test>
                S: 250 2.1.5
                C: RCPT TO:<forward%victim.test@local.test>
                S: 550 5.1.1
                C: RCPT TO:<@local.test:forward@victim.test>
                S: 550 5.7.1
                C: RCPT TO:<x@far.test>
                S: 550 5.7.1
                C: DATA
                S: 354
                C: To: victim@victim.test\\r\\nBcc: other@victim.test\\r\\n\\r\\nHello.\\r\\n.
                S: 250 2.0.0
                """)
            #expect(said.isEmpty, "\(said)")
            _ = try await server.postern.wait(for: 1, messagesFor: "bert")
            _ = try await eventually("nothing waits") { try await server.postern.queue().isEmpty ? true : nil }
            #expect(try server.world.recipients() == ["x@far.test"])
        }
    }

    /// Commands around the recipient, each with what it is tried at: they open nothing, and the dialogue goes on in step.
    private static let dialogues = [
        (
            "VRFY and EXPN tell nothing",
            """
            C: VRFY anna@local.test
            S: 252
            LACKS anna
            C: VRFY x@far.test
            S: 252
            C: EXPN list@local.test
            S: 502
            """
        ),
        (
            "content for a recipient that was refused, in chunks",
            """
            C: MAIL FROM:<spam@far.test>
            S: 250
            C: RCPT TO:<x@far.test>
            S: 550 5.7.1
            C: BDAT 7 LAST\\r\\nHello.\\n\\r\\nNOOP
            S: 5
            S: 5
            S: 250
            """
        ),
        (
            "everything at once, and content that is commands",
            """
            R: MAIL FROM:<spam@far.test>\\r\\nRCPT TO:<x@far.test>\\r\\nDATA\\r\\nNOOP\\r\\n
            S: 250 2.1.0
            S: 550 5.7.1
            S: 5
            S: 250 2.0.0
            """
        ),
        (
            "a good recipient after a bad one",
            """
            R: MAIL FROM:<spam@far.test>\\r\\nRCPT TO:<x@far.test>\\r\\nRCPT TO:<bert@local.test>\\r\\nDATA\\r\\n
            S: 250 2.1.0
            S: 550 5.7.1
            S: 250 2.1.5
            S: 354
            C: To: x@far.test\\r\\n\\r\\nHello.\\r\\n.
            S: 250 2.0.0
            """
        ),
        (
            "MAIL, and RCPT without it",
            """
            C: RCPT TO:<x@far.test>
            S: 503 5.5.1
            C: MAIL FROM:<@local.test:anna@local.test>
            S: 250
            C: RCPT TO:<x@far.test>
            S: 550 5.7.1
            C: MAIL FROM:<anna@local.test>
            S: 503 5.5.1
            """
        ),
    ]

    @Test("commands around a recipient open nothing, neither at the edge nor at the submission server")
    func commands() async throws {
        try await withPeople { server in
            for (name, dialogue) in Self.dialogues {
                for port in [server.postern.port, server.port] {
                    let said = try await server.play("@it \(port)\nS: 220\nC: EHLO client.test\nS: 250\n\(dialogue)")
                    #expect(said.isEmpty, "\(name): \(said)")
                }
            }
            // A login that failed is none, and a name in MAIL's AUTH= (RFC 4954 section 5) is no login.
            let said = try await server.play(
                """
                S: 220
                C: EHLO client.test
                S: 250
                AUTH PLAIN anna wrong
                S: 535 5.7.8
                C: MAIL FROM:<anna@local.test>
                S: 250
                C: RCPT TO:<x@far.test>
                S: 550 5.7.1
                C: RSET
                S: 250
                C: MAIL FROM:<anna@local.test> AUTH=<>
                S: 250
                C: RCPT TO:<x@far.test>
                S: 550 5.7.1
                C: RSET
                S: 250
                C: MAIL FROM:<spam@far.test> AUTH=anna@local.test
                S: 250
                C: RCPT TO:<x@far.test>
                S: 550 5.7.1
                @edge \(server.postern.port)
                S: 220
                C: EHLO client.test
                S: 250
                C: AUTH PLAIN AGFubmEAcGVuY2lsIGFuZCBwYXBlcg==
                S: 502 5.5.1
                C: MAIL FROM:<anna@local.test> AUTH=<>
                S: 555 5.5.4
                C: RCPT TO:<x@far.test>
                S: 503 5.5.1
                """)
            #expect(said.isEmpty, "\(said)")
            _ = try await server.postern.wait(for: 2, messagesFor: "bert")
            _ = try await eventually("nothing waits") { try await server.postern.queue().isEmpty ? true : nil }
            #expect(try server.world.count() == 0)
        }
    }
}
