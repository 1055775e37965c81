import DialogueModel
import MailVocabulary
import SMTPProtocol
import Testing

@Suite("E02: the size limit of a session")
struct SessionSizeTests {
    /// 3 KiB in one connection; a message may have 2 KiB, or as much as is said.
    private func run(messageSize: ByteCount? = .kibibytes(2)) -> ServerRun {
        var run = ServerRun(
            settings: SMTPServerSettings(
                hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: messageSize, sessionSizeLimit: .kibibytes(3)))
        run.receive("EHLO c.test\r\n")
        return run
    }

    private static func message(_ octets: Int) -> String {
        String(repeating: String(repeating: "x", count: 98) + "\r\n", count: octets / 100)
    }
    private static let envelope = "MAIL FROM:<a@far.test>\r\nRCPT TO:<b@near.test>\r\n"

    @Test(
        "kind: a transaction that has begun is never cut; the next MAIL is told to reconnect", arguments: ["DATA", "BDAT", "BDAT in two"])
    func neverCuts(how: String) {
        var run = run()
        for _ in 0..<2 {
            run.receive(Self.envelope)
            switch how {
            case "DATA": run.receive("DATA\r\n" + Self.message(2000) + ".\r\n")
            case "BDAT": run.receive("BDAT 2000 LAST\r\n" + Self.message(2000))
            default: run.receive("BDAT 1000\r\n" + Self.message(1000) + "BDAT 1000 LAST\r\n" + Self.message(1000))
            }
        }
        #expect(run.contents.map(\.count) == [2000, 2000] && !run.isClosed)
        run.receive("MAIL FROM:<a@far.test>\r\n")
        #expect(run.sent.hasSuffix("421 4.7.0 One connection may bring 3 KiB; reconnect for more\r\n") && run.isClosed)
    }

    @Test("a declared size that would go beyond it is told at MAIL, unless nothing has come yet")
    func declared() {
        var run = run(messageSize: .kibibytes(10))
        run.receive("MAIL FROM:<a@far.test> SIZE=5000\r\n")
        #expect(run.codes.last == "250 2.1.0")
        run.receive("RCPT TO:<b@near.test>\r\nDATA\r\n" + Self.message(2000) + ".\r\nMAIL FROM:<a@far.test> SIZE=1000\r\n")
        #expect(run.codes.last == "250 2.1.0")
        run.receive("RSET\r\nMAIL FROM:<a@far.test> SIZE=1100\r\n")
        #expect(run.codes.last == "421 4.7.0" && run.isClosed)
    }

    @Test("a session limit below the message limit refuses no message, and is not what SIZE says")
    func belowMessageSize() {
        var run = run(messageSize: .kibibytes(10))
        #expect(run.sent.contains("SIZE 10240\r\n"))
        run.receive(Self.envelope + "DATA\r\n" + Self.message(9000) + ".\r\n")
        #expect(run.contents.map(\.count) == [9000])
    }

    @Test("what is too large is told with its size and the limit", arguments: [(2049, "2.1 KiB"), (3000, "3 KiB"), (4_000_000, "3.9 MiB")])
    func figures(size: Int, text: String) {
        var run = run()
        run.receive("MAIL FROM:<a@far.test> SIZE=\(size)\r\n")
        #expect(run.sent.hasSuffix("552 5.3.4 Message of \(text); the limit is 2 KiB (attachments grow by a third)\r\n"))
    }
}
