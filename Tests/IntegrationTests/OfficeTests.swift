import Foundation
import Testing

/// `topology/office` as a person starts it: Postern, Dovecot and the autoconfig file, with curl as the mail program.
@Suite("The office")
struct OfficeTests {
    @Test("what is written over submission is read by IMAP and POP3 with the same password, and Ctrl-C ends everything")
    func writeAndRead() async throws {
        let office = try OfficeUnderTest()
        try await office.start()
        let (alice, bob) = (try office.password(of: "alice"), try office.password(of: "bob"))

        let sent = try await office.curl(
            [
                "--ssl-reqd", "smtp://localhost:\(office.port(2587))/test", "--user", "alice@office.test:\(alice)",
                "--mail-from", "alice@office.test", "--mail-rcpt", "bob@office.test", "--mail-rcpt", "far@away.example", "-T", "-",
            ],
            input: "From: alice@office.test\r\nTo: bob@office.test\r\nSubject: Hello\r\n\r\nIt works in the office.\r\n")
        #expect(sent.status == 0, "\(sent.errors)")

        let imap = try await eventually(within: 60, "the message is in the mailbox") {
            let read = try await office.curl([
                "--user", "bob@office.test:\(bob)", "imaps://localhost:\(office.port(2993))/INBOX;MAILINDEX=1",
            ])
            return read.status == 0 ? read.text : nil
        }
        #expect(imap.contains("\r\n\r\nIt works in the office.\r\n"))
        #expect(imap.contains("(client address hidden)"))
        let pop = try await office.curl(["--user", "bob@office.test:\(bob)", "pop3s://localhost:\(office.port(2995))/1"])
        #expect(pop.text.contains("\r\n\r\nIt works in the office.\r\n"), "\(pop.errors)")

        // Who is no user of ours is elsewhere, and that mail went out.
        _ = try await eventually(within: 60, "the copy for the outside is there") {
            try FileManager.default.contentsOfDirectory(atPath: "\(office.folder.path)/outside").first
        }

        let wrong = try await office.curl(["--user", "bob@office.test:\(alice)", "imaps://localhost:\(office.port(2993))/INBOX"])
        #expect(wrong.status == 67, "curl's word for a login that is denied")

        #expect(await office.stop() == 0)
        for port in OfficeUnderTest.ports {
            #expect(!FreePort.isTaken(office.port(port)), "port \(office.port(port)) is still served")
        }
    }

    @Test("the autoconfig file names the servers that are there, at both places where mail programs look")
    func autoconfig() async throws {
        let office = try OfficeUnderTest()
        try await office.start()
        for place in ["mail", ".well-known/autoconfig/mail"] {
            let file = try await office.curl(["--fail", "http://127.0.0.1:\(office.port(2580))/\(place)/config-v1.1.xml"])
            #expect(file.status == 0, "\(place): \(file.errors)")
            for port in [2993, 2143, 2995, 2465, 2587] {
                #expect(file.text.contains("<port>\(office.port(port))</port>"), "\(place): no port \(office.port(port))")
            }
            let parsed = try await Program.run(
                "python3", ["-c", "import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.stdin.buffer.read())"], input: file.output)
            #expect(parsed.status == 0, "\(parsed.errors)")
        }
        #expect(await office.stop() == 0)
    }

    @Test("another password holds for sending and for reading")
    func anotherPassword() async throws {
        let office = try OfficeUnderTest()
        try await office.start()
        let new = "a new word for Bob"
        let changed = try await Program.run(
            PosternUnderTest.postern,
            ["user", "passwd", "bob", "--password-stdin", "--config", "\(office.folder.path)/postern.yaml"], input: Data(new.utf8))
        #expect(changed.status == 0, "\(changed.errors)")
        _ = try await eventually(within: 60, "Dovecot takes the new password") {
            // Dovecot makes who was wrong wait some seconds.
            let read = try await office.curl(["--user", "bob@office.test:\(new)", "imaps://localhost:\(office.port(2993))/INBOX"])
            return read.status == 0 ? true : nil
        }
        let sent = try await office.curl(
            [
                "smtps://localhost:\(office.port(2465))/test", "--user", "bob@office.test:\(new)", "--mail-from", "bob@office.test",
                "--mail-rcpt", "alice@office.test", "-T", "-",
            ], input: "Subject: again\r\n\r\nIt still works.\r\n")
        #expect(sent.status == 0, "\(sent.errors)")
        #expect(await office.stop() == 0)
    }
}
