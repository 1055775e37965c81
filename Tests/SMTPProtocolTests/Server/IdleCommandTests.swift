import DialogueModel
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@Suite("Kind: whatever moves no octet of mail forward counts, and ends")
struct IdleCommandTests {
    private func settings(recipients: Int? = 3) -> SMTPServerSettings {
        SMTPServerSettings(
            hostname: DomainName(parsing: "mx.test")!, recipientsLimit: recipients, errorLimit: 4, refusedRecipientLimit: 6,
            postponedRecipientLimit: 8, idleCommandLimit: 10)
    }

    private func run(_ beginning: String, thenOften command: String, _ settings: SMTPServerSettings) -> ServerRun {
        var run = ServerRun(settings: settings)
        run.receive(beginning)
        for _ in 0..<1000 where !run.isClosed { run.receive(command) }
        return run
    }

    private static let transaction = "EHLO c.test\r\nMAIL FROM:<a@far.test>\r\nRCPT TO:<b@near.test>\r\n"

    @Test(
        "the same command without end is answered a bounded number of times, then the session closes",
        arguments: [
            (transaction, "BDAT 0\r\n"), ("EHLO c.test\r\n", "NOOP\r\n"), ("EHLO c.test\r\n", "EHLO c.test\r\n"),
            ("EHLO c.test\r\n", "VRFY x\r\n"), ("EHLO c.test\r\n", "RSET\r\n"), (transaction, "RCPT TO:<c@near.test>\r\n"),
            (transaction, "RCPT TO:<no@near.test>\r\n"), (transaction, "DATA x\r\n"), (transaction, "MAIL FROM:<a@far.test>\r\n"),
            ("EHLO c.test\r\n", "MAIL FROM:<a@far.test>\r\nRSET\r\n"), ("EHLO c.test\r\n", "x\r\n"),
            (transaction, "BDAT 1\r\n"),
        ])
    func bounded(beginning: String, command: String) {
        let run = run(beginning, thenOften: command, settings())
        #expect(run.isClosed)
        #expect(run.codes.last?.hasPrefix("421") == true, "\(run.codes.suffix(2))")
        #expect(run.codes.count < 40, "\(run.codes.count) replies")
    }

    @Test("recipients beyond the limit are each told to come in another message; none of the accepted ones is lost")
    func surplus() {
        var run = ServerRun(settings: settings(recipients: 2))
        run.receive("EHLO c.test\r\nMAIL FROM:<a@far.test>\r\n" + (1...9).map { "RCPT TO:<b\($0)@near.test>\r\n" }.joined())
        run.receive("DATA\r\nhello\r\n.\r\n")
        #expect(run.codes.filter { $0.hasPrefix("452 4.5.3") }.count == 7)
        #expect(run.events.last == "message 7 hello\r\n" && !run.isClosed)
    }

    @Test("an accepted message sets the counts back: a long honest session is not cut")
    func reset() {
        var run = ServerRun(settings: settings())
        run.receive("EHLO c.test\r\n")
        for _ in 0..<20 {
            run.receive(
                "NOOP\r\nMAIL FROM:<a@far.test>\r\nRCPT TO:<no@near.test>\r\nRCPT TO:<b@near.test>\r\nBDAT 0\r\nBDAT 3 LAST\r\na\r\n")
        }
        #expect(!run.isClosed && run.contents.count == 20)
    }

    @Test("kind: an octet now and then is no activity; a whole line and content are")
    func activity() {
        var session = SMTPServerSession(settings: settings())
        var actions: [SMTPServerAction] = []
        session.receive(.connected, actions: &actions)
        func send(_ text: String) { session.receive(.bytes(ByteBuffer(string: text)), actions: &actions) }
        for octet in "EHLO c.test" { send("\(octet)") }
        #expect(session.linesRead == 0)
        send("\r\n")
        #expect(session.linesRead == 1)
        send("MAIL FROM:<a@far.test>\r\nRCPT TO:<b@near.test>\r\n")
        session.receive(.recipientAnswered(Reply(250, "2.1.5", "OK")), actions: &actions)
        send("BDAT 5\r\n")
        #expect(session.linesRead == 4 && session.contentOctetsRead == 0 && session.takesContent)
        send("ab")
        #expect(session.contentOctetsRead == 2)
        session.receive(.tooSlow, actions: &actions)
        #expect(session.isClosed)
    }

    @Test("too slow means nothing outside a transaction, and none while its content waits for the answer")
    func tooSlow() {
        var session = SMTPServerSession(settings: settings())
        var actions: [SMTPServerAction] = []
        session.receive(.connected, actions: &actions)
        session.receive(.bytes(ByteBuffer(string: "EHLO c.test\r\n")), actions: &actions)
        session.receive(.tooSlow, actions: &actions)
        #expect(!session.isClosed)
        session.receive(.bytes(ByteBuffer(string: "MAIL FROM:<a@far.test>\r\nRCPT TO:<b@near.test>\r\n")), actions: &actions)
        session.receive(.recipientAnswered(Reply(250, "2.1.5", "OK")), actions: &actions)
        session.receive(.bytes(ByteBuffer(string: "DATA\r\n")), actions: &actions)
        session.receive(.bytes(ByteBuffer(string: "x\r\n.\r\n")), actions: &actions)
        session.receive(.tooSlow, actions: &actions)
        #expect(!session.isClosed)
    }
}
