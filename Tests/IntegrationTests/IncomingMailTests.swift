import Foundation
import Testing

/// Mail as it is in the world: not all of it as the RFCs have it, and wanted all the same.
@Suite("Incoming mail of the real world is taken")
struct IncomingMailTests {
    /// Plays a script against the edge: nothing where all went as written.
    private static func play(_ script: String, _ postern: PosternUnderTest) async throws -> String {
        let result = try await Program.run("python3", [Program.script("dialogue"), "\(postern.port)"], input: Data(script.utf8))
        return result.status == 0 ? "" : "\(result.errors)\n\(script)"
    }

    private static func withPostern(
        edge: String = "", rest: String = PosternUnderTest.localDomain, _ body: (PosternUnderTest) async throws -> Void
    ) async throws {
        let postern = try PosternUnderTest(edge: edge, rest: rest)
        try await postern.start()
        try await postern.addUser("user@local.test")
        do { try await body(postern) } catch {
            await postern.stop()
            throw error
        }
        await postern.stop()
    }

    @Test("lines over 998 octets, in header and body, arrive unchanged in a mailbox and at the next hop; a limit refuses them")
    func longLines() async throws {
        let world = try SinkUnderTest()
        try await world.start()
        defer { world.stop() }
        let rest = """
            domains: { local.test: authoritative }
            connectors:
              mailboxes: { address_spaces: [{ domain: local.test }], deliver: { maildir: "mail/{domain}/{user}" } }
              world: { address_spaces: [{ domain: far.test }], deliver: { smart_hosts: ["[127.0.0.1]:\(world.port)"] }, relay: true }
            """
        try await Self.withPostern(rest: rest) { postern in
            let header = "Subject: long\r\nReferences: " + String(repeating: "<x@y.test> ", count: 300) + "<z@y.test>\r\n\r\n"
            let body = String(repeating: "x", count: 70_000) + "\r\n" + String(repeating: ".", count: 5_000) + "\r\nshort\r\n"
            let content = Data((header + body).utf8)
            let script = """
                import smtplib, sys
                content = sys.stdin.buffer.read()
                with smtplib.SMTP('127.0.0.1', \(postern.port), 'client.test', timeout=60) as server:
                    server.ehlo()
                    server.sendmail('a@source.test', ['user@local.test', 'b@far.test'], content)
                    server.sendmail('a@source.test', ['user@local.test'], content)
                """
            try await Program.succeed("python3", ["-c", script], input: content)
            let arrived = try await postern.wait(for: 2, messagesFor: "user")
            for message in arrived { #expect(message.withoutTraceFields() == content) }
            let folder = world.folder.path
            let relayed = try await eventually("the message at the next hop; the log:\n\(postern.logText.suffix(3000))") {
                try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name -> Data? in
                    let dump = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
                    return dump.range(of: Data("short\n".utf8)) ?? dump.range(of: Data("short\r\n".utf8)) == nil ? nil : dump
                }.first
            }
            for line in [header.split(separator: "\r\n")[1], body.split(separator: "\r\n")[0]] {
                #expect(relayed.range(of: Data(line.utf8)) != nil, "a line of \(line.utf8.count) octets is another one")
            }
        }
        try await Self.withPostern(edge: "limits: { line_length: 998 }") { postern in
            let script = """
                S: 220
                C: EHLO c.test
                S: 250
                C: MAIL FROM:<a@source.test>
                S: 250
                C: RCPT TO:<user@local.test>
                S: 250
                C: DATA
                S: 354
                X: x 999
                C: \\r\\n.
                S: 554 5.6.0 The message has a line longer than the limit of 998 octets
                C: QUIT
                S: 221
                """
            let refused = try await Self.play(script, postern)
            #expect(refused.isEmpty, "\(refused)")
        }
    }

    @Test("addresses and greetings that the grammar does not have are taken, and stand in Received in a safe form")
    func addressesAndGreetings() async throws {
        try await Self.withPostern { postern in
            try await postern.addUser("a..b@local.test")
            for (greeting, shown) in [
                (#"M\xc3\x9cLLER-PC"#, "from xn--mller-pc-65a ("), (#"M\xdcLLER-PC"#, "from xn--mller-pc-65a ("),
                (#"M\x9aLLER-PC"#, "(HELO M??LLER-PC)"), ("my pc", "(HELO my?pc)"), ("x) by y.test (z", "(HELO x??by?y.test??z)"),
            ] {
                let before = try postern.messages(for: "a..b").count
                let played = try await Self.play(
                    """
                    S: 220
                    C: EHLO \(greeting)
                    S: 250
                    C: MAIL FROM:<name.@under_score.test>
                    S: 250 2.1.0
                    C: RCPT TO:<a..b@local.test>
                    S: 250 2.1.5
                    C: DATA
                    S: 354
                    C: Subject: x\\r\\n\\r\\nx\\r\\n.
                    S: 250 2.0.0
                    C: QUIT
                    S: 221
                    """, postern)
                #expect(played.isEmpty, "\(played)")
                let message = String(decoding: try await postern.wait(for: before + 1, messagesFor: "a..b")[before], as: UTF8.self)
                #expect(message.hasPrefix("Return-Path: <\"name.\"@under_score.test>\r\n"), "\(message)")
                #expect(message.replacingOccurrences(of: "\r\n\t", with: " ").contains(shown), "\(message)")
            }
        }
    }

    @Test("a connection brings more than twenty messages, and as many as it likes (S07)")
    func manyMessages() async throws {
        try await Self.withPostern { postern in
            let one = SubmissionUnderTest.transaction(from: "a@source.test", to: "user@local.test")
            let script = "S: 220\nC: EHLO c.test\nS: 250\n" + Array(repeating: one, count: 45).joined(separator: "\n") + "\nC: QUIT\nS: 221"
            let played = try await Self.play(script, postern)
            #expect(played.isEmpty, "\(played)")
            #expect(try await postern.wait(for: 45, messagesFor: "user").count == 45)
        }
    }

    @Test(
        "mail for postmaster is taken with and without a domain, though the directory has no such address; without anybody named it is not")
    func postmaster() async throws {
        let recipients = ["C: RCPT TO:<postmaster>", "C: RCPT TO:<PostMaster@local.test>"]
        let head = "S: 220\nC: EHLO c.test\nS: 250\nC: MAIL FROM:<>\nS: 250\n"
        try await Self.withPostern { postern in
            let played = try await Self.play(
                head + recipients.map { "\($0)\nS: 250 2.1.5" }.joined(separator: "\n")
                    + "\nC: DATA\nS: 354\nC: Subject: x\\r\\n\\r\\nx\\r\\n.\nS: 250 2.0.0\nC: QUIT\nS: 221", postern)
            #expect(played.isEmpty, "\(played)")
            #expect(try await postern.wait(for: 1, messagesFor: "user").count == 1)
        }
    }

    @Test("s-nail reads the Maildir that Postern wrote", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/s-nail")))
    func localReader() async throws {
        try await Self.withPostern { postern in
            let script =
                "S: 220\nC: EHLO c.test\nS: 250\nC: MAIL FROM:<a@source.test>\nS: 250\nC: RCPT TO:<user@local.test>\nS: 250\n"
                + "C: DATA\nS: 354\nC: From: Alice <alice@source.test>\\r\\nSubject: For a local reader\\r\\n\\r\\nfirst line\\r\\n\\r\\nlast line\\r\\n.\nS: 250\nC: QUIT\nS: 221"
            let played = try await Self.play(script, postern)
            #expect(played.isEmpty, "\(played)")
            _ = try await postern.wait(for: 1, messagesFor: "user")
            let mailbox = postern.folder.file("mail/local.test/user").path
            let read = try await Program.run(
                "s-nail", ["-:/", "-S", "headline=%s", "-R", "-f", "maildir://\(mailbox)"], input: Data("type 1\nexit\n".utf8))
            #expect(read.text.contains("Subject: For a local reader\n") && read.text.contains("first line\n\nlast line\n"), "\(read)")
            #expect(!read.text.contains("\r"), "\(read)")
        }
    }
}
