import DialogueModel
import MailVocabulary
import SMTPProtocol
import Testing

/// Commands in clear behind STARTTLS, as an attacker between client and server would slip them in (the class of CVE-2011-0411).
@Suite("Commands behind STARTTLS")
struct StartTLSInjectionTests {
    private static let injections = [
        "NOOP\r\n", "EHLO evil.test\r\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n",
        "EHLO evil.test\r\nAUTH PLAIN AGFsaWNlAHJpZ2h0\r\n", "MAIL FROM:<ev", "\n", "\0", String(repeating: "x", count: 70000),
        "STARTTLS\r\n",
        "BDAT 1000\r\n",
    ]

    @Test("are dropped wherever they are cut, and no part of them is carried out under TLS", arguments: injections)
    func dropped(injection: String) {
        for settings in [ServerRun.submissionSettings, ServerRun.lenientSettings] {
            let bytes = Array("EHLO c.test\r\nSTARTTLS\r\n\(injection)\u{16}NOOP\r\nEHLO c.test\r\n".utf8)
            var whole = ServerRun(settings: settings)
            whole.receive(bytes)
            #expect(whole.events == ["TLS"])
            #expect(whole.droppedOctets == injection.utf8.count)
            #expect(whole.codes == ["220", "250", "220 2.0.0", "250 2.0.0", "250"], "\(whole.sent)")
            #expect(!whole.isClosed)
            for cut in Array(1..<min(bytes.count, 200)) + [bytes.count - 30] {
                var run = ServerRun(settings: settings)
                run.receive(bytes[..<cut])
                run.receive(bytes[cut...])
                #expect(run.sent == whole.sent && run.events == whole.events && run.droppedOctets == whole.droppedOctets, "cut at \(cut)")
            }
        }
    }

    @Test("count as one error each time")
    func counted() {
        // Seven refusals close; two injections leave room for five.
        for (injections, refusals) in [(0, 6), (1, 5)] {
            var run = ServerRun(settings: ServerRun.lenientSettings)
            run.receive("EHLO c.test\r\nSTARTTLS\r\n" + (injections == 1 ? "NOOP\r\nNOOP\r\n" : "") + "\u{16}")
            for _ in 0..<refusals { run.receive("DATA\r\nRSET\r\n") }
            #expect(!run.isClosed)
            run.receive("DATA\r\n")
            #expect(run.isClosed)
            #expect(run.codes.last == "421 4.7.0")
        }
    }

    @Test("what the host is asked to do: reply in clear, handshake, and a line in the log")
    func actions() {
        var session = SMTPServerSession(settings: ServerRun.lenientSettings)
        var actions: [SMTPServerAction] = []
        session.receive(.connected, actions: &actions)
        actions = []
        session.receive(.said("STARTTLS\r\nNOOP\r\n"), actions: &actions)
        #expect(actions == [.sent("220 2.0.0 Ready to start TLS\r\n"), .startTLS, .plaintextDropped(octets: 6)])
        actions = []
        session.receive(.secured(SecureChannel(version: "TLSv1.3", cipher: "X", bits: 256)), actions: &actions)
        #expect(actions.isEmpty)
        #expect(session.secureChannel?.bits == 256)
    }

    @Test("where the connection begins with TLS, the banner waits for it, and nothing is said in clear")
    func implicit() {
        let settings = SMTPServerSettings(
            hostname: DomainName(parsing: "mx.test")!, transportSecurity: ServerTransportSecurity(mode: .implicit))
        let channel = SecureChannel(version: "TLSv1.3", cipher: "X", bits: 256)
        for events in [[.connected, .secured(channel)], [.secured(channel), .connected]] as [[SMTPServerEvent]] {
            var session = SMTPServerSession(settings: settings)
            var actions: [SMTPServerAction] = []
            session.receive(events[0], actions: &actions)
            #expect(actions.isEmpty)
            session.receive(events[1], actions: &actions)
            #expect(actions == [.sent("220 mx.test ESMTP Postern\r\n")])
        }
        for event in [.refuse(Reply(554, "5.7.1", "No"), by: nil), .handshakeFailed, .shuttingDown, .said("EHLO c\r\n")]
            as [SMTPServerEvent]
        {
            var session = SMTPServerSession(settings: settings)
            var actions: [SMTPServerAction] = []
            session.receive(event, actions: &actions)
            #expect(actions == [.close])
        }
    }
}
