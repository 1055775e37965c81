import Foundation
import Testing

/// Mail goes out, once, to servers with few connections, that restart, that lack or refuse what they offer, or whose TLS does not work. The
/// intervals of E07 are the defaults, so that a message that waits for one is one too late.
@Suite("Outgoing mail arrives, once")
struct OutgoingTests {
    /// Runs the body with servers and a Postern that delivers to `*.far.test` by DNS.
    private func withDelivery(
        _ servers: [FakeServers.Server], records: [String] = [], retry: String = "{ glitch: { count: 3, interval: 60s } }",
        mailboxes: String? = nil, _ body: (PosternUnderTest, FakeServers) async throws -> Void
    ) async throws {
        let postern = try PosternUnderTest()
        var servers = servers
        for index in servers.indices where !servers[index].lmtp { servers[index].listen += ":\(postern.port)" }
        let dns = try await DNSUnderTest(
            servers.filter { !$0.lmtp }.map { "\($0.name).far.test. A \($0.listen.split(separator: ":")[0])" } + records)
        let fakes = try await FakeServers(servers)
        try postern.write(
            edge: "",
            rest: """
                resolver: { servers: ["127.0.0.1:\(dns.port)"] }
                domains: { local.test: authoritative, store.test: shared }
                connectors:
                  mailboxes:
                    address_spaces: [{ domain: local.test }]
                    deliver: { maildir: "mail/{domain}/{user}" }
                  far:
                    address_spaces: [{ domain: "*.far.test" }]
                    deliver: dns
                    relay: true
                \(mailboxes.map { "  store: { address_spaces: [{ domain: store.test }], deliver: { lmtp: \"\($0)\" } }" } ?? "")
                outbound:
                  default:
                    connections: { port: \(postern.port) }
                    retry: \(retry)
                """)
        try await postern.start()
        do {
            try await postern.addUser("sender@local.test")
            try await body(postern, fakes)
        } catch {
            Issue.record("the log:\n\(postern.logText.suffix(6000))")
            await postern.stop()
            throw error
        }
        await postern.stop()
        fakes.stop()
        dns.stop()
    }

    private static func server(_ name: String, _ listen: String = "127.0.0.2", _ change: (inout FakeServers.Server) -> Void)
        -> FakeServers.Server
    {
        var server = FakeServers.Server(name: name, listen: listen)
        change(&server)
        return server
    }

    private static let twoHosts = ["both.far.test. MX 10 first.far.test.", "both.far.test. MX 20 second.far.test."]

    @Test("a host with room for three gets 60 messages without a wait, each once")
    func roomForThree() async throws {
        let few = Self.server("few") {
            $0.room = 3
            $0.hold = 0.05
        }
        try await withDelivery([few]) { postern, fakes in
            let wanted = (0..<60).map { "user\($0)@few.far.test" }
            for recipient in wanted { try await postern.send(from: "sender@local.test", to: recipient) }
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "few").joined().sorted() == wanted.sorted())
            #expect(try fakes.events("goodbye").count <= 20)
        }
    }

    @Test("a host that restarts: one 421 holds its mail for the glitch's interval, and not for the first of E07")
    func restarts() async throws {
        let away = Self.server("away") { $0.goodbyes = 1 }
        try await withDelivery([away], retry: "{ glitch: { count: 3, interval: 1s } }") { postern, fakes in
            let wanted = (0..<10).map { "user\($0)@away.far.test" }
            for recipient in wanted { try await postern.send(from: "sender@local.test", to: recipient) }
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "away").joined().sorted() == wanted.sorted())
            #expect(try fakes.events("goodbye").count == 1)
        }
    }

    @Test("BDAT answered as soon as the octets are there: large messages arrive, each once")
    func earlyAnswer() async throws {
        let quick = Self.server("quick") { $0.offers = ["8BITMIME", "CHUNKING"] }
        try await withDelivery([quick]) { postern, fakes in
            let body = String(repeating: String(repeating: "x", count: 70) + "\r\n", count: 14_000)
            let wanted = (0..<20).map { "user\($0)@quick.far.test" }
            for recipient in wanted { try await postern.send(from: "sender@local.test", to: recipient, body: body) }
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "quick").joined().sorted() == wanted.sorted())
            #expect(!postern.logText.contains("invalid answer"))
        }
    }

    @Test(
        "what the first host lacks the second has: no bounce",
        arguments: [["SIZE 1000"], ["PIPELINING"], ["8BITMIME", "SIZE 200"]])
    func secondHost(offers: [String]) async throws {
        let first = Self.server("first") { $0.offers = offers }
        let second = Self.server("second", "127.0.0.3") { $0.offers = ["8BITMIME", "SIZE 1000000"] }
        try await withDelivery([first, second], records: Self.twoHosts) { postern, fakes in
            let body = String(repeating: "é", count: 30) + "\r\n" + String(repeating: "line\r\n", count: 400)
            try await postern.send(from: "sender@local.test", to: "user@both.far.test", body: body)
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "second") == [["user@both.far.test"]])
            #expect(try fakes.messages(at: "first") == [])
        }
    }

    @Test("what every host lacks is final, and reported")
    func allLack() async throws {
        let (first, second) = (Self.server("first") { $0.offers = [] }, Self.server("second", "127.0.0.3") { $0.offers = [] })
        try await withDelivery([first, second], records: Self.twoHosts) { postern, _ in
            try await postern.send(from: "sender@local.test", to: "user@both.far.test", body: "é\r\n")
            _ = try await postern.wait(for: 1, messagesFor: "sender")
            let recipient = try #require(try await postern.reports(for: "sender").first?.recipients.first)
            #expect(recipient["status"] == "5.6.3")
        }
    }

    @Test("an EHLO that is refused once is no verdict on 8-bit mail: it waits")
    func helloRefusedOnce() async throws {
        let host = Self.server("host") { $0.helloRefusals = 1 }
        try await withDelivery([host], retry: "{ first: 1s }") { postern, fakes in
            try await postern.send(from: "sender@local.test", to: "user@host.far.test", body: "é\r\n")
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "host") == [["user@host.far.test"]])
        }
    }

    @Test("BDAT that is offered and unknown: the message goes by DATA, whether it is small or streamed", arguments: [10, 20_000])
    func unknownChunk(lines: Int) async throws {
        let host = Self.server("host") {
            $0.offers = ["8BITMIME", "CHUNKING"]
            $0.refusesChunks = true
        }
        try await withDelivery([host]) { postern, fakes in
            try await postern.send(
                from: "sender@local.test", to: "user@host.far.test", body: String(repeating: "a line of text\r\n", count: lines))
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "host") == [["user@host.far.test"]])
        }
    }

    @Test("opportunistic TLS that stands and is refused then: in clear", arguments: ["demands", "refuses"])
    func refusedTLS(how: String) async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.file("host.pem").path, folder.file("host.key").path)
        _ = try await Program.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                "-days",
                "30", "-subj", "/CN=host.far.test",
            ])
        let host = Self.server("host") {
            ($0.certificate, $0.key) = (certificate, key)
            if how == "demands" { $0.demandsCertificate = true } else { $0.refusesOverTLS = true }
        }
        try await withDelivery([host]) { postern, fakes in
            try await postern.send(from: "sender@local.test", to: "user@host.far.test")
            try await postern.waitForEmptyQueue()
            let messages = try fakes.events("message")
            #expect(messages.map(\.recipients) == [["user@host.far.test"]] && messages.map(\.tls) == [false])
        }
    }
}

extension OutgoingTests {
    @Test(
        "SMTPUTF8 at a mailbox server without it: UTF-8 in the body goes there, in the header it is reported in ASCII, and refused from then on"
    )
    func mailboxServerWithoutUTF8() async throws {
        let port = try FreePort.take()
        let store = FakeServers.Server(name: "store", listen: "127.0.0.1:\(port)", lmtp: true)
        try await withDelivery([store], mailboxes: "127.0.0.1:\(port)") { postern, fakes in
            try await postern.send(from: "sender@local.test", to: "body@store.test", body: "Grüße\r\n", options: ["SMTPUTF8"])
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "store") == [["body@store.test"]])
            try await postern.send(
                from: "sender@local.test", to: "header@store.test", subject: "Grüße", body: "x\r\n", options: ["SMTPUTF8"])
            _ = try await postern.wait(for: 1, messagesFor: "sender")
            let report = try #require(try await postern.reports(for: "sender").first)
            #expect(report.parts == ["text/plain", "message/delivery-status", "text/rfc822-headers"], "\(report)")
            #expect(report.recipients.first?["status"] == "5.6.7")
            await #expect(throws: PosternUnderTest.Failure.self) {
                try await postern.send(
                    from: "sender@local.test", to: "header@store.test", subject: "Grüße", body: "x\r\n", options: ["SMTPUTF8"])
            }
            #expect(postern.logText.contains("\"message\":\"failed\""))
            try await postern.send(from: "sender@local.test", to: "again@store.test", body: "Grüße\r\n", options: ["SMTPUTF8"])
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "store") == [["body@store.test"], ["again@store.test"]])
        }
    }

    @Test("a report that nobody takes is badmail, and an error in the log")
    func badmail() async throws {
        try await withDelivery([Self.server("host") { _ in }]) { postern, _ in
            try await postern.send(from: "", to: "bad@host.far.test")
            try await postern.waitForEmptyQueue()
            let log = postern.logText
            #expect(log.contains("a report cannot be delivered: kept as badmail") && log.contains("\"level\":\"error\""))
        }
    }
}

extension PosternUnderTest {
    /// Submits one message by Python's smtplib, with 8BITMIME where its body needs it.
    fileprivate func send(
        from sender: String, to recipient: String, subject: String = "A test", body: String, options: [String] = []
    ) async throws {
        let script = """
            import smtplib, sys
            port, sender, recipient, subject, *options = sys.argv[1:]
            body = sys.stdin.buffer.read()
            with smtplib.SMTP("127.0.0.1", int(port)) as server:
                message = b"From: " + sender.encode() + b"\\r\\nSubject: " + subject.encode() + b"\\r\\n\\r\\n" + body
                server.sendmail(sender, [recipient], message, options + ([] if message.isascii() else ["BODY=8BITMIME"]))
            """
        let result = try await Program.run(
            "python3", ["-c", script, "\(port)", sender, recipient, subject] + options, input: Data(body.utf8))
        guard result.status == 0 else { throw Failure(description: "message not taken: \(result.errors)") }
    }
}
