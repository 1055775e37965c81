import DialogueModel
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@Suite("The server's dialogue")
struct ServerDialogueTests {
    private static let envelope = "EHLO client.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n"

    @Test(
        "what is said to what",
        arguments: [
            ("HELO client.test\r\nNOOP\r\nQUIT\r\n", ["220", "250", "250 2.0.0", "221 2.0.0"]),
            (
                envelope + "DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
                ["220", "250", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0", "221 2.0.0"]
            ),
            ("MAIL FROM:<a@x.test>\r\n", ["220", "503 5.5.1"]),
            ("EHLO c\r\nRCPT TO:<b@y.test>\r\n", ["220", "250", "503 5.5.1"]),
            ("EHLO c\r\nMAIL FROM:<a@x.test>\r\nDATA\r\n", ["220", "250", "250 2.1.0", "503 5.5.1"]),
            ("EHLO c\r\nMAIL FROM:<a@x.test> SIZE=70000\r\n", ["220", "250", "552 5.3.4"]),
            ("EHLO c\r\nMAIL FROM:<a@x.test> COLOUR=blue\r\n", ["220", "250", "555 5.5.4"]),
            ("EHLO c\r\nMAIL FROM:a@x.test\r\n", ["220", "250", "501 5.1.7"]),
            ("EHLO c\r\nMAIL FROM:<a.@x.test>\r\nRCPT TO:<b..c@under_score.test>\r\n", ["220", "250", "250 2.1.0", "250 2.1.5"]),
            ("EHLO my pc\r\nMAIL FROM:<a@x.test>\r\n", ["220", "250", "250 2.1.0"]),
            ("HELO MÜLLER-PC\r\nMAIL FROM:<a@x.test>\r\n", ["220", "250", "250 2.1.0"]),
            ("EHLO \r\nEHLO a\u{7}b\r\n", ["220", "501 5.5.4", "501 5.5.4"]),
            ("EHLO " + String(repeating: "ü", count: 128) + "\r\n", ["220", "501 5.5.4"]),
            ("EHLO c\r\nVRFY someone\r\n", ["220", "250", "252 2.5.0"]),
            ("EHLO c\r\nEXPN list\r\n", ["220", "250", "502 5.5.1"]),
            ("EHLO c\r\nSTARTTLS\r\n", ["220", "250", "502 5.5.1"]),
            ("EHLO c\r\nFROBNICATE\r\n", ["220", "250", "500 5.5.1"]),
            ("EHLO c\r\nNOOP\n\r\n", ["220", "250", "500 5.5.2"]),
            ("EHLO c\r\nNO\u{0}OP\r\n", ["220", "250", "500 5.5.2"]),
            ("EHLO c\r\nNOOP " + String(repeating: "x", count: 600) + "\r\n", ["220", "250", "500 5.5.2"]),
            (
                "EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<1@y.test>\r\nRCPT TO:<2@y.test>\r\nRCPT TO:<3@y.test>\r\nRCPT TO:<4@y.test>\r\n",
                ["220", "250", "250 2.1.0", "250 2.1.5", "250 2.1.5", "250 2.1.5", "452 4.5.3"]
            ),
            (envelope + "RSET\r\nDATA\r\n", ["220", "250", "250 2.1.0", "250 2.1.5", "250 2.0.0", "503 5.5.1"]),
        ])
    func replies(input: String, codes: [String]) {
        var run = ServerRun()
        run.receive(input)
        #expect(run.codes == codes, "\(run.sent)")
    }

    @Test(
        "a greeting in Latin-1, or in an old code page, is taken and read as Latin-1",
        arguments: [(0xDC as UInt8, "MÜLLER-PC"), (0x9A, "M\u{9A}LLER-PC")])
    func greetingInLatin1(octet: UInt8, name: String) {
        var session = SMTPServerSession(settings: ServerRun.settings)
        var actions: [SMTPServerAction] = []
        session.receive(.connected, actions: &actions)
        session.receive(.bytes(ByteBuffer(bytes: Array("EHLO M".utf8) + [octet] + Array("LLER-PC\r\n".utf8))), actions: &actions)
        #expect(session.greeting == .ehlo(name))
    }

    @Test("dots that the client added are taken away, and nothing else")
    func dots() {
        var run = ServerRun()
        run.receive(Self.envelope + "DATA\r\n..\r\n...two\r\na.b\r\n.\r\n")
        #expect(run.messages == ["message 15 .\r\n..two\r\na.b\r\n"], "\(run.events)")
    }

    @Test("chunks make one message, and their octets are counted, not their lines")
    func chunks() {
        var run = ServerRun()
        run.receive(Self.envelope + "BDAT 7\r\n.\r\nxx\r\nBDAT 3 LAST\r\ny\r\n")
        #expect(run.messages == ["message 10 .\r\nxx\r\ny\r\n"], "\(run.events)")
    }

    @Test(
        "a line over 998 octets is taken as it is, however it is cut, and only the size of the message bounds it",
        arguments: ["DATA", "BDAT"])
    func longLine(command: String) {
        for length in [998, 999, 20_000, 60_000] {
            let content = String(repeating: "x", count: length) + "\r\n"
            let framed =
                command == "DATA"
                ? "DATA\r\n" + content + ".\r\n"
                : "BDAT 500\r\n" + content.prefix(500) + "BDAT \(length + 2 - 500) LAST\r\n" + content.dropFirst(500)
            for cut in [length, 1000, 7] {
                var run = ServerRun()
                run.receive(Self.envelope)
                var rest = Array(framed.utf8)[...]
                while !rest.isEmpty {
                    run.receive(rest.prefix(cut))
                    rest = rest.dropFirst(cut)
                }
                #expect(run.messages == ["message \(length + 2) \(content)"], "\(length) octets in pieces of \(cut): \(run.codes)")
            }
        }
    }

    @Test("where lines have a limit, one of its length is taken and a longer one refused after the end of the message")
    func lineLength() {
        for (length, isTaken) in [(998, true), (999, false)] {
            var run = ServerRun(settings: SMTPServerSettings(hostname: DomainName(parsing: "mx.test")!, lineLengthLimit: 998))
            run.receive(Self.envelope + "DATA\r\n" + String(repeating: "x", count: length) + "\r\n.\r\n")
            #expect(run.messages.isEmpty != isTaken)
            #expect(run.codes.last == (isTaken ? "250 2.0.0" : "554 5.6.0"), "\(run.sent.suffix(100))")
        }
    }

    @Test("a message over the limit is refused after its end, and the session goes on in step")
    func tooLarge() {
        var run = ServerRun()
        run.receive(
            Self.envelope + "DATA\r\n" + String(repeating: String(repeating: "x", count: 70) + "\r\n", count: 1000) + ".\r\nNOOP\r\n")
        #expect(run.messages.isEmpty)
        #expect(run.codes.suffix(2) == ["552 5.3.4", "250 2.0.0"], "\(run.sent.suffix(100))")
    }

    @Test("who talks before the banner is refused, and nothing of it is done")
    func earlyTalker() {
        var run = ServerRun(isGreeted: false)
        run.receive("EHLO c\r\nMAIL FROM:<a@x.test>\r\n")
        run.receive(.connected)
        #expect(run.codes.first?.hasPrefix("554") == true, "\(run.sent)")
        #expect(run.isClosed)
        #expect(run.events.isEmpty)
    }

    @Test("nothing after QUIT, after too many errors, or after a refusal is looked at")
    func afterTheEnd() {
        for ending in ["QUIT\r\n", String(repeating: "XXXX\r\n", count: 10)] {
            var run = ServerRun()
            run.receive(ending + Self.envelope)
            #expect(run.isClosed)
            #expect(run.events.isEmpty, "\(run.events)")
        }
        var run = ServerRun(isGreeted: false)
        run.receive(.refuse(Reply(554, "5.7.1", "Access denied"), by: nil))
        run.receive(Self.envelope)
        #expect(run.codes == ["554 5.7.1"])
        #expect(run.events.isEmpty)
    }

    @Test("more messages than a connection may carry: 421, and the connection ends (S07)")
    func messagesPerConnection() {
        var run = ServerRun()
        run.receive("EHLO c\r\n")
        let message = "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nx\r\n.\r\n"
        for _ in 0..<4 { run.receive(message) }
        #expect(run.messages.count == 3)
        #expect(run.sent.contains("\r\n421 4."), "\(run.sent.suffix(200))")
        #expect(run.isClosed)
    }

    private static let smuggled = "MAIL FROM:<evil@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nsmuggled\r\n.\r\n"

    /// The input, and the places at which a packet may end.
    private static func everyCut(_ text: String, _ body: (ServerRun, Int) -> Void) {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var run = ServerRun()
            run.receive(bytes[..<cut])
            run.receive(bytes[cut...])
            body(run, cut)
        }
    }

    @Test(
        "no look-alike ends a message, wherever packets are cut: the message is refused as a whole",
        arguments: [
            "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\r\n.\r\r\n", "\r.\r\n", "\n.\r", "\r.\n", "\n\n.\n\n", "\n\r.\r\n",
            "\r\n\0.\r\n", "\r\n.\0\r\n", "\0\r\n.\0\r\n", "\r\0\n.\r\n", "\r\n.\r\0\n",
        ])
    func lookAlike(end: String) {
        Self.everyCut(Self.envelope + "DATA\r\nbody" + end + Self.smuggled) { run, cut in
            #expect(run.events.filter { $0.hasPrefix("began") }.count == 1, "cut at \(cut): \(run.events)")
            #expect(run.messages.isEmpty, "cut at \(cut): \(run.events)")
            #expect(run.codes.last == "550 5.6.11", "cut at \(cut): \(run.sent.suffix(80))")
        }
    }

    @Test(
        "a line that begins with a dot and has more is content, wherever packets are cut",
        arguments: [("\r\n..\r\n", "."), ("\r\n. \r\n", " "), ("\r\n.\t\r\n", "\t"), ("\r\n...\r\n", "..")])
    func dotLine(end: String, line: String) {
        Self.everyCut(Self.envelope + "DATA\r\nbody" + end + Self.smuggled) { run, cut in
            #expect(run.events.filter { $0.hasPrefix("began") }.count == 1, "cut at \(cut): \(run.events)")
            #expect(run.messages.count == 1 && run.messages[0].contains("body\r\n\(line)\r\nMAIL FROM:<evil@x.test>\r\n"), "cut at \(cut)")
            #expect(run.codes.last == "250 2.0.0", "cut at \(cut): \(run.sent.suffix(80))")
        }
    }

    @Test(
        "kind: a line with a known verb is a command, also behind a refused DATA: what is wrong with it is said, and the session goes on",
        arguments: [
            "RCPT TO:bad", "RSET x", "RCPT", "MAIL FROM:", "DATA x", "QUIT x", "EHLO", "EXPN", "VRFY",
            "RCPT TO:<" + String(repeating: "x", count: 1200) + "@y.test>", "NOOP " + String(repeating: "x", count: 600),
        ])
    func commandBehindRefusedData(line: String) {
        Self.everyCut("EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<no@y.test>\r\nDATA\r\n" + line + "\r\nNOOP\r\n") { run, cut in
            let codes = run.codes.suffix(3)
            #expect(codes.first == "554 5.5.1" && codes.last == "250 2.0.0" && !run.isClosed, "cut at \(cut): \(run.sent)")
            #expect(codes.dropFirst().first?.hasPrefix("50") == true, "cut at \(cut): \(run.sent)")
        }
    }

    @Test(
        "content behind a refused DATA is never taken for commands: the session closes at its first line",
        arguments: [
            "Subject: MAIL FROM:<evil@x.test>\r\n", "\r\n", "x\n\r\n", "RCPT\r\nx\r\n", String(repeating: "x", count: 600) + "\r\n",
        ])
    func contentBehindRefusedData(line: String) {
        Self.everyCut("EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<no@y.test>\r\nDATA\r\n" + line + Self.smuggled) { run, cut in
            let codes = run.codes.filter { $0 != "501 5.5.4" }.suffix(2)
            #expect(codes == ["554 5.5.1", "554 5.5.0"], "cut at \(cut): \(run.sent)")
            #expect(run.isClosed)
            #expect(run.events.filter { $0.hasPrefix("began") }.count == 1, "cut at \(cut): \(run.events)")
        }
    }

    @Test("a command behind a refused DATA is carried out")
    func commandBehindRefusedData() {
        var run = ServerRun()
        run.receive("EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<no@y.test>\r\nDATA\r\nRSET\r\n" + Self.smuggled)
        #expect(run.codes.suffix(5) == ["250 2.0.0", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0"], "\(run.sent)")
    }
}
