import Foundation
import Testing

/// Dovecot holds the mailboxes: Postern delivers to its LMTP socket, people read by IMAP and POP3, and both know the same password by
/// the same kind of key.
@Suite("Dovecot as the mailbox")
struct MailboxServerTests {
    @Test("what is submitted to Postern is read back by curl and Python, over IMAP and POP3")
    func readBack() async throws {
        let dovecot = try await DovecotMailboxes(users: ["anna@local.test", "bert@local.test"], password: SubmissionUnderTest.password)
        try await dovecot.start()
        try await withSubmission(.init(mailboxes: #"{ lmtp: "unix:\#(dovecot.lmtp)" }"#)) { server in
            let sent = try await Program.run(
                "msmtp",
                [
                    "--file=/dev/null", "--host=127.0.0.1", "--port=\(server.securePort)", "--tls=on", "--tls-starttls=off",
                    "--tls-trust-file=\(server.certificate)", "--tls-host-override=mx.postern.test", "--auth=scram-sha-256", "--user=anna",
                    "--passwordeval=echo '\(SubmissionUnderTest.password)'", "--from=anna@local.test", "--", "bert@local.test",
                ], input: Data("From: anna@local.test\r\nTo: bert@local.test\r\nSubject: by LMTP\r\n\r\nread me\r\n".utf8))
            #expect(sent.status == 0, "\(sent.errors)")

            let imap = ["-sS", "-k", "--url", "imaps://127.0.0.1:\(dovecot.imaps)/INBOX;MAILINDEX=1"]
            let pop = ["-sS", "-k", "--url", "pop3s://127.0.0.1:\(dovecot.pop3s)/1"]
            let login = ["--user", "bert@local.test:\(SubmissionUnderTest.password)"]
            _ = try await eventually(
                "the message is in the mailbox; \(server.postern.logText.suffix(3000))\n\(dovecot.logText.suffix(2000))"
            ) {
                try await Program.run("curl", imap + login).text.contains("Subject: by LMTP") ? true : nil
            }
            for arguments in [imap, pop] {
                let read = try await Program.run("curl", arguments + login)
                #expect(read.text.contains("Subject: by LMTP") && read.text.contains("read me"), "\(read.text)\n\(read.errors)")
                #expect(read.text.contains("with ESMTPSA"), "\(read.text)")
                let refused = try await Program.run("curl", arguments + ["--user", "bert@local.test:wrong"])
                #expect(refused.status != 0)
            }
            let python = try await Program.run(
                "python3",
                [
                    "-c",
                    """
                    import imaplib, poplib, ssl, sys
                    context = ssl._create_unverified_context()
                    i = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=context)
                    i.login("bert@local.test", sys.argv[3])
                    i.select("INBOX")
                    assert b"by LMTP" in i.fetch("1", "(RFC822)")[1][0][1]
                    i.logout()
                    p = poplib.POP3_SSL("127.0.0.1", int(sys.argv[2]), context=context)
                    p.user("bert@local.test")
                    p.pass_(sys.argv[3])
                    assert b"Subject: by LMTP" in p.retr(1)[1]
                    p.quit()
                    """,
                    "\(dovecot.imaps)", "\(dovecot.pop3s)", SubmissionUnderTest.password,
                ])
            #expect(python.status == 0, "\(python.errors)")

            // Dovecot knows nobody of this name, though Postern does: its refusal comes back to the sender as a report.
            try await server.postern.addUser("carl@local.test", password: SubmissionUnderTest.password)
            try await server.postern.send(from: "anna@local.test", to: "carl@local.test")
            _ = try await eventually("a report for anna; \(server.postern.logText.suffix(3000))") {
                try await Program.run(
                    "curl", imap + ["--user", "anna@local.test:\(SubmissionUnderTest.password)"]
                ).text.contains("carl@local.test") ? true : nil
            }
        }
        await dovecot.stop()
    }
}
