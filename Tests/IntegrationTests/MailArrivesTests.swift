import Foundation
import Testing

/// Real messages, sent by programs that this project did not write, arrive byte for byte.
@Suite("Mail arrives in the mailbox")
struct MailArrivesTests {
    private static let generous = "limits: { message_size: 64MiB, session_size: none, recipients: 2000, messages_per_connection: none }"

    private func withPostern(_ body: (PosternUnderTest) async throws -> Void) async throws {
        let postern = try PosternUnderTest(edge: Self.generous)
        try await postern.start()
        do {
            try await postern.addUser("user@local.test")
            try await body(postern)
        } catch {
            Issue.record("the log:\n\(postern.logText.suffix(6000))")
            await postern.stop()
            throw error
        }
        await postern.stop()
    }

    @Test("a short message by swaks")
    func swaks() async throws {
        try await withPostern { postern in
            let message = "Subject: hello\r\nFrom: sender@source.test\r\n\r\nA first message.\r\n"
            let file = try postern.folder.write("message", message)
            let result = try await Program.run(
                "swaks",
                ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", "user@local.test", "--data", "@\(file)"])
            #expect(result.status == 0, "\(result.text)\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "user")
            #expect(
                arrived[0].withoutTraceFields() == Data(message.utf8) + Data("\r\n".utf8)
                    || arrived[0].withoutTraceFields() == Data(message.utf8))
        }
    }

    @Test("a message by curl, which uses 8BITMIME text with dots at line starts")
    func curl() async throws {
        try await withPostern { postern in
            let message = "Subject: Grüße\r\n\r\n.\r\n..\r\n.leading dot\r\nübel\r\n"
            let file = try postern.folder.write("message", message)
            let result = try await Program.run(
                "curl",
                [
                    "--silent", "--show-error", "smtp://127.0.0.1:\(postern.port)/client.test", "--mail-from", "sender@source.test",
                    "--mail-rcpt",
                    "user@local.test", "--upload-file", file,
                ])
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "user")
            #expect(arrived[0].withoutTraceFields() == Data(message.utf8))
        }
    }

    @Test("content that begins with a blank, or behind a separator, continues none of our fields: by DATA and by BDAT, read by Python")
    func beginsWithBlank() async throws {
        try await withPostern { postern in
            let script = #"""
                import base64, email, email.policy, json, pathlib, smtplib, sys, time
                contents = [b" dkim=pass\r\nTo: x\r\n\r\nbody\r\n", b"\tdkim=pass\r\n", b"From x\r\n dkim=pass\r\nTo: x\r\n\r\nbody\r\n",
                            b"\x0bdkim=pass\r\n\r\n", b"Authentication-Results: mx.postern.test; dkim=pass\r\n dkim=pass\r\n\r\nbody\r\n"]
                with smtplib.SMTP("127.0.0.1", \#(postern.port), "client.test") as client:
                    client.ehlo()
                    for content in contents:
                        for chunk in (0, 1, 5, 1000):
                            assert client.mail("sender@source.test")[0] == 250 and client.rcpt("user@local.test")[0] == 250
                            if chunk == 0:
                                assert client.data(content)[0] == 250
                                continue
                            for start in range(0, len(content), chunk):
                                piece = content[start:start + chunk]
                                last = b" LAST" if start + chunk >= len(content) else b""
                                client.sock.sendall(b"BDAT %d%s\r\n%s" % (len(piece), last, piece))
                                assert client.getreply()[0] == 250
                """#
            let sent = try await Program.run("python3", ["-c", script])
            #expect(sent.status == 0, "\(sent.errors)")
            let reader = """
                import email, email.policy, sys
                octets = sys.stdin.buffer.read()
                for policy in (email.policy.compat32, email.policy.default):
                    items = [(n, str(v)) for n, v in email.message_from_bytes(octets, policy=policy).items()]
                    names = [n for n, v in items]
                    print(names[:2] == ["Return-Path", "Received"], any("dkim" in v for n, v in items if n != "X-Mailbox-Line"))
                """
            for message in try await postern.wait(for: 20, messagesFor: "user") {
                let read = try await Program.run("python3", ["-c", reader], input: message)
                #expect(read.text == "True False\nTrue False\n", "\(String(decoding: message, as: UTF8.self))")
            }
        }
    }

    /// What Python's smtplib sends, as a script; the message is read from standard input.
    private static func smtplib(port: Int, from: String, to: [String], options: String = "[]") -> String {
        """
        import smtplib, sys
        content = sys.stdin.buffer.read()
        with smtplib.SMTP('127.0.0.1', \(port), 'client.test', timeout=120) as server:
            server.ehlo()
            refused = server.sendmail(\(quoted(from)), [\(to.map(quoted).joined(separator: ","))], content, \(options))
            sys.exit(len(refused))
        """
    }

    private static func quoted(_ text: String) -> String { "'\(text)'" }

    @Test(
        "content of every difficult kind by Python's smtplib",
        arguments: ["empty body", "998-octet lines", "dot lines", "no final line end", "8-bit"])
    func difficultContent(kind: String) async throws {
        try await withPostern { postern in
            let body: Data =
                switch kind {
                case "empty body": Data("Subject: e\r\n\r\n".utf8)
                case "998-octet lines":
                    Data("Subject: long\r\n\r\n".utf8) + Data((String(repeating: "x", count: 998) + "\r\n").utf8)
                        + Data((String(repeating: ".", count: 998) + "\r\n").utf8)
                case "dot lines": Data("Subject: d\r\n\r\n.\r\n..\r\n...\r\n.\r\n\r\n.\r\n".utf8)
                case "no final line end": Data("Subject: n\r\n\r\nlast line".utf8)
                default: Data("Subject: b\r\n\r\n".utf8) + Data((0x80...0xFF).map { UInt8($0) }) + Data("\r\n".utf8)
                }
            let script = Self.smtplib(
                port: postern.port, from: "sender@source.test", to: ["user@local.test"],
                options: kind == "8-bit" ? "['BODY=8BITMIME']" : "[]")
            let result = try await Program.run("python3", ["-c", script], input: body)
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "user")
            let expected = kind == "no final line end" ? body + Data("\r\n".utf8) : body
            #expect(arrived[0].withoutTraceFields() == expected)
        }
    }

    @Test("a UTF-8 address by Python's smtplib with SMTPUTF8")
    func utf8Address() async throws {
        try await withPostern { postern in
            try await postern.addUser("jörg@local.test")
            let body = Data("Subject: Grüße\r\n\r\nHallo\r\n".utf8)
            let script = Self.smtplib(
                port: postern.port, from: "sender@source.test", to: ["jörg@local.test"], options: "['SMTPUTF8', 'BODY=8BITMIME']")
            let result = try await Program.run("python3", ["-c", script], input: body, environment: ["PYTHONUTF8": "1"])
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "jörg")
            #expect(arrived[0].withoutTraceFields() == body)
        }
    }

    @Test("a 30 MiB attachment")
    func large() async throws {
        try await withPostern { postern in
            var body = Data("Subject: large\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n".utf8)
            let line = Data((String(repeating: "QUJD", count: 19) + "\r\n").utf8)
            for _ in 0..<(30 * 1024 * 1024 / line.count + 1) { body.append(line) }
            let script = Self.smtplib(port: postern.port, from: "sender@source.test", to: ["user@local.test"])
            let result = try await Program.run("python3", ["-c", script], input: body)
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "user", within: 120)
            #expect(arrived[0].withoutTraceFields() == body)
        }
    }

    @Test("1,000 recipients of one message get one each")
    func manyRecipients() async throws {
        try await withPostern { postern in
            let users = (0..<1000).map { "u\($0)" }
            // Through the running core, as an administrator's script would.
            let added = try await Program.run(
                "xargs",
                ["-P", "2", "-I", "{}", PosternUnderTest.postern, "user", "add", "{}@local.test", "--config", postern.configuration],
                input: Data(users.joined(separator: "\n").utf8))
            #expect(added.status == 0, "\(added.errors)")
            let body = Data("Subject: all\r\n\r\nTo everybody.\r\n".utf8)
            let script = Self.smtplib(port: postern.port, from: "sender@source.test", to: users.map { "\($0)@local.test" })
            let result = try await Program.run("python3", ["-c", script], input: body)
            #expect(result.status == 0, "\(result.errors)")
            for user in users {
                let arrived = try await postern.wait(for: 1, messagesFor: user, within: 120)
                #expect(arrived.count == 1)
                #expect(arrived[0].withoutTraceFields() == body)
            }
        }
    }

    @Test("400 messages by smtp-source over 20 sessions: each arrives once")
    func smtpSource() async throws {
        try await withPostern { postern in
            let result = try await Program.run(
                "smtp-source",
                ["-s", "20", "-m", "400", "-l", "4096", "-f", "sender@source.test", "-t", "user@local.test", "127.0.0.1:\(postern.port)"])
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 400, messagesFor: "user", within: 120)
            #expect(arrived.count == 400)
            _ = try await eventually("the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        }
    }

    @Test("a forged Authentication-Results field of our own name is removed, and nothing else")
    func forgedResults() async throws {
        try await withPostern { postern in
            let honest = "Authentication-Results: elsewhere.test; spf=pass\r\nSubject: x\r\n\r\nbody\r\n"
            let forged = "Authentication-Results: mx.postern.test;\r\n dkim=pass\r\n"
            let script = Self.smtplib(port: postern.port, from: "sender@source.test", to: ["user@local.test"])
            let result = try await Program.run("python3", ["-c", script], input: Data(("X-First: 1\r\n" + forged + honest).utf8))
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "user")
            #expect(arrived[0].withoutTraceFields() == Data(("X-First: 1\r\n" + honest).utf8))
        }
    }

    @Test("a Return-Path that came in with the message stays below ours, which names the reverse-path of the envelope")
    func returnPath() async throws {
        try await withPostern { postern in
            let body = Data("Return-Path: <forged@source.test>\r\nSubject: x\r\n\r\nbody\r\n".utf8)
            let script = Self.smtplib(port: postern.port, from: "sender@source.test", to: ["user@local.test"])
            let result = try await Program.run("python3", ["-c", script], input: body)
            #expect(result.status == 0, "\(result.errors)")
            let arrived = try await postern.wait(for: 1, messagesFor: "user")
            #expect(arrived[0].starts(with: Data("Return-Path: <sender@source.test>\r\n".utf8)))
            #expect(arrived[0].withoutTraceFields() == body)
        }
    }

    @Test("strangers are not relayed, and an unknown mailbox is refused in the dialogue")
    func refused() async throws {
        try await withPostern { postern in
            for (recipient, code) in [("someone@elsewhere.test", "550 5.7.1"), ("nobody@local.test", "550 5.1.1")] {
                let result = try await Program.run(
                    "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", recipient])
                #expect(result.status != 0)
                #expect(result.text.contains(code), "\(result.text)")
            }
        }
    }
}
