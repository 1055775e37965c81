import DialogueModel
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@Suite("Octets above 127 in the content")
struct EightBitContentTests {
    @Test(
        "are noticed wherever they are, in DATA and in chunks, wherever packets are cut",
        arguments: [
            ("Subject: é\r\n\r\nbody\r\n", true), ("Subject: e\r\n\r\nbödy\r\n", true), ("Subject: e\r\n\r\nbody\r\n", false),
            ("\(String(repeating: "x", count: 100))ü\r\n", true), ("\(String(repeating: "x", count: 100))u\r\n", false),
        ])
    func noticed(content: String, expected: Bool) {
        for framed in ["DATA\r\n\(content).\r\n", "BDAT \(content.utf8.count) LAST\r\n\(content)"] {
            let bytes = Array(framed.utf8)
            for cut in 1..<bytes.count {
                var session = SMTPServerSession(settings: ServerRun.settings)
                var actions: [SMTPServerAction] = []
                session.receive(.connected, actions: &actions)
                session.receive(.said("EHLO c\r\nMAIL FROM:<a@x.test> BODY=8BITMIME\r\nRCPT TO:<b@y.test>\r\n"), actions: &actions)
                session.receive(.recipientAnswered(Reply(250, "2.1.5", "OK")), actions: &actions)
                session.receive(.bytes(ByteBuffer(bytes: bytes[..<cut])), actions: &actions)
                session.receive(.bytes(ByteBuffer(bytes: bytes[cut...])), actions: &actions)
                #expect(actions.contains(.contentEnded(octets: content.utf8.count, has8BitOctets: expected)), "cut at \(cut)")
            }
        }
    }
}
