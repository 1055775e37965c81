import Foundation
import Testing

/// The programs that people send with, none of them ours: each verifies the certificate where it can, logs in, and writes to somebody here
/// and to somebody elsewhere.
@Suite("Mail programs send through the submission server")
struct MailProgramTests {
    struct MailProgram: Sendable {
        let name: String
        let program: String
        /// It makes a message of what it is given; the others are given one.
        var makesHeader = false
        let arguments: @Sendable (SubmissionUnderTest) -> [String]

        func run(_ server: SubmissionUnderTest) async throws -> Program.Result {
            try await Program.run(
                program, arguments(server), input: Data((makesHeader ? "hello\n" : message(name)).utf8),
                environment: ["HOME": server.postern.folder.path])
        }
    }

    private static let recipients = ["bert@local.test", "somebody@far.test"]

    private static func message(_ subject: String) -> String {
        "From: Anna <anna@local.test>\r\nTo: bert@local.test\r\nBcc: somebody@far.test\r\nSubject: \(subject)\r\n\r\nhello\r\n"
    }

    private static func msmtp(_ mechanism: String, startsWithTLS: Bool) -> MailProgram {
        MailProgram(name: "msmtp \(mechanism) \(startsWithTLS ? "implicit" : "STARTTLS")", program: "msmtp") { server in
            [
                "--file=/dev/null", "--host=127.0.0.1", "--port=\(startsWithTLS ? server.securePort : server.port)",
                "--tls=on", "--tls-starttls=\(startsWithTLS ? "off" : "on")", "--tls-trust-file=\(server.certificate)",
                "--tls-host-override=mx.postern.test", "--auth=\(mechanism)", "--user=anna@local.test",
                "--passwordeval=echo '\(SubmissionUnderTest.password)'", "--from=anna@local.test", "--",
            ] + recipients
        }
    }

    private static func curl(_ mechanism: String, startsWithTLS: Bool) -> MailProgram {
        MailProgram(name: "curl \(mechanism) \(startsWithTLS ? "smtps://" : "smtp:// --ssl-reqd")", program: "curl") { server in
            let port = startsWithTLS ? server.securePort : server.port
            return [
                "-sS", "--url", "\(startsWithTLS ? "smtps" : "smtp")://mx.postern.test:\(port)", "--ssl-reqd", "--resolve",
                "mx.postern.test:\(port):127.0.0.1", "--cacert", server.certificate, "--login-options", "AUTH=\(mechanism)", "--user",
                "anna@local.test:\(SubmissionUnderTest.password)", "--mail-from", "anna@local.test", "--upload-file", "-",
            ] + recipients.flatMap { ["--mail-rcpt", $0] }
        }
    }

    private static func swaks(_ mechanism: String, startsWithTLS: Bool) -> MailProgram {
        MailProgram(name: "swaks \(mechanism) \(startsWithTLS ? "implicit" : "STARTTLS")", program: "swaks") { server in
            [
                "--server", "127.0.0.1:\(startsWithTLS ? server.securePort : server.port)", startsWithTLS ? "--tlsc" : "--tls",
                "--auth", mechanism, "--auth-user", "anna", "--auth-password", SubmissionUnderTest.password, "--from", "anna@local.test",
                "--to", recipients.joined(separator: ","), "--data", "-",
            ]
        }
    }

    private static func python(startsWithTLS: Bool) -> MailProgram {
        let open =
            startsWithTLS
            ? "s = smtplib.SMTP_SSL(host, port, context=context)" : "s = smtplib.SMTP(host, port); s.starttls(context=context)"
        return MailProgram(name: "smtplib \(startsWithTLS ? "SMTP_SSL" : "starttls")", program: "python3") { server in
            [
                "-c",
                """
                import smtplib, socket, ssl, sys
                # The name is in no DNS.
                connect = socket.create_connection
                socket.create_connection = lambda address, *rest: connect(("127.0.0.1", address[1]), *rest)
                host, port = "mx.postern.test", int(sys.argv[1])
                context = ssl.create_default_context(cafile=sys.argv[2])
                \(open)
                s.login("anna@local.test", sys.argv[3])
                s.sendmail("anna@local.test", sys.argv[4:], sys.stdin.buffer.read())
                s.quit()
                """,
                "\(startsWithTLS ? server.securePort : server.port)", server.certificate, SubmissionUnderTest.password,
            ] + recipients
        }
    }

    private static func nail(startsWithTLS: Bool) -> MailProgram {
        MailProgram(name: "s-nail \(startsWithTLS ? "smtps" : "STARTTLS")", program: "s-nail", makesHeader: true) { server in
            let port = startsWithTLS ? server.securePort : server.port
            let password = SubmissionUnderTest.password.replacingOccurrences(of: " ", with: "%20")
            return [
                "-:/", "-S", "v15-compat", "-S", "DEAD=/dev/null", "-S",
                "mta=\(startsWithTLS ? "smtps" : "smtp")://anna%40local.test:\(password)@127.0.0.1:\(port)", "-S",
                "smtp-auth=\(startsWithTLS ? "login" : "plain")", "-S", "smtp-use-starttls", "-S", "tls-verify=ignore", "-S",
                "from=anna@local.test", "-S", "sendwait", "-s", "s-nail \(startsWithTLS ? "smtps" : "STARTTLS")",
            ] + recipients
        }
    }

    private static let programs: [MailProgram] =
        ["scram-sha-256", "plain", "login"].flatMap { [msmtp($0, startsWithTLS: true), msmtp($0, startsWithTLS: false)] }
        // Debian's has no SCRAM.
        + ["PLAIN", "LOGIN"].flatMap { [curl($0, startsWithTLS: true), curl($0, startsWithTLS: false)] }
        // It knows none of our others.
        + ["PLAIN", "LOGIN"].flatMap { [swaks($0, startsWithTLS: true), swaks($0, startsWithTLS: false)] }
        + [python(startsWithTLS: true), python(startsWithTLS: false), nail(startsWithTLS: true), nail(startsWithTLS: false)]

    @Test(
        "msmtp, curl, swaks, Python and s-nail, each mechanism and way to TLS: delivered here, relayed elsewhere, header completed, no Bcc")
    func sends() async throws {
        try await withSubmission { server in
            for program in Self.programs {
                let result = try await program.run(server)
                #expect(result.status == 0, "\(program.name): \(result.text)\n\(result.errors)")
            }
            let messages = try await server.postern.wait(for: Self.programs.count, messagesFor: "bert", within: 60)
                .map { String(decoding: $0, as: UTF8.self) }
            for program in Self.programs {
                let message = try #require(
                    messages.first { $0.contains("Subject: \(program.name)\r\n") || $0.contains("Subject: \(program.name)\n") })
                let header = message.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n\n")[0]
                    .replacingOccurrences(of: "\n\t", with: " ")
                for field in ["\nDate: ", "\nMessage-ID: <", "with ESMTPSA (version=TLSv1.3", "(client address hidden)"] {
                    #expect(header.localizedCaseInsensitiveContains(field), "\(program.name): no \(field) in\n\(header)")
                }
                #expect(!header.contains("\nBcc:") && !header.contains("127.0.0.1"), "\(program.name):\n\(header)")
            }
            _ = try await eventually("all messages at the host of the world; the log:\n\(server.postern.logText.suffix(3000))") {
                try server.world.count() >= Self.programs.count ? true : nil
            }
        }
    }

    @Test("the client's address is shown where that is configured")
    func addressShown() async throws {
        try await withSubmission(.init(server: "client_address: shown")) { server in
            let result = try await Self.msmtp("plain", startsWithTLS: true).run(server)
            #expect(result.status == 0, "\(result.errors)")
            let message = String(decoding: try await server.postern.wait(for: 1, messagesFor: "bert")[0], as: UTF8.self)
            #expect(message.contains("[127.0.0.1]") && !message.contains("hidden"), "\(message)")
        }
    }
}
