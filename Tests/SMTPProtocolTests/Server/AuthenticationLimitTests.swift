import DialogueModel
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@Suite("AUTH: limits and the host's turn")
struct AuthenticationLimitTests {
    /// A session of a server that has one mechanism and no TLS.
    private struct Dialogue {
        var session: SMTPServerSession
        var actions: [SMTPServerAction] = []

        init(failureLimit: Int = 3) {
            session = SMTPServerSession(
                settings: SMTPServerSettings(
                    hostname: DomainName(parsing: "mx.test")!,
                    authentication: ServerAuthentication(
                        mechanismsInClear: [.scramSHA256], mechanismsOverTLS: [], isRequired: true, failureLimit: failureLimit)))
            receive(.connected)
            receive(.said("EHLO c.test\r\n"))
            actions = []
        }

        mutating func receive(_ event: SMTPServerEvent) { session.receive(event, actions: &actions) }

        mutating func say(_ text: String) -> [SMTPServerAction] {
            receive(.bytes(ByteBuffer(string: text)))
            defer { actions = [] }
            return actions
        }

        mutating func answer(_ event: SMTPServerEvent) -> [SMTPServerAction] {
            receive(event)
            defer { actions = [] }
            return actions
        }
    }

    /// What the session does besides telling the host of a refusal, where it has told it of exactly one.
    private static func besidesOneRefusal(_ actions: [SMTPServerAction]) -> [SMTPServerAction]? {
        let others = actions.filter { if case .refused = $0 { false } else { true } }
        return actions.count - others.count == 1 ? others : nil
    }

    /// Base 64 of so many octets of value 0.
    private static func zeros(_ count: Int) -> String { String(repeating: "A", count: count / 3 * 4) }

    @Test("an AUTH line of 12,288 octets is taken, a longer one is not", arguments: [0, 2, 5000, 70000])
    func longCommand(excess: Int) {
        var dialogue = Dialogue()
        // AUTH SCRAM-SHA-256 and the CRLF are 21 octets; the rest is base 64 of whole groups, and spaces before the end.
        let text = Self.zeros(9198)
        let line = "AUTH SCRAM-SHA-256 " + text + String(repeating: " ", count: 12288 - 21 - text.utf8.count + excess) + "\r\n"
        let actions = dialogue.say(line)
        switch excess {
        case 0: #expect(actions == [.authenticate(.scramSHA256, initialResponse: [UInt8](repeating: 0, count: 9198))])
        case 70000: #expect(Self.besidesOneRefusal(actions) == [.sent("421 4.7.0 Command line without end\r\n"), .close])
        default: #expect(Self.besidesOneRefusal(actions) == [.sent("500 5.5.6 A line of an authentication exchange is too long\r\n")])
        }
    }

    @Test("a response of 12,288 octets is taken, a longer one ends the exchange", arguments: [0, 1, 5000])
    func longResponse(excess: Int) {
        var dialogue = Dialogue()
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        #expect(dialogue.answer(.authenticationChallenge([])) == [.sent("334 \r\n")])
        let text = Self.zeros(9213)
        let line = text + String(repeating: "A", count: 12286 - text.utf8.count + excess) + "\r\n"
        let actions = dialogue.say(line)
        if excess == 0 {
            // Two octets of the line make no group of base 64.
            #expect(Self.besidesOneRefusal(actions) == [.authenticationCancelled, .sent("501 5.5.2 This is no base64\r\n")])
        } else {
            #expect(
                Self.besidesOneRefusal(actions) == [
                    .authenticationCancelled, .sent("500 5.5.6 A line of an authentication exchange is too long\r\n"),
                ])
        }
        #expect(dialogue.say("NOOP\r\n") == [.sent("250 2.0.0 OK\r\n")])
    }

    @Test("a challenge that no line could hold ends the exchange")
    func longChallenge() {
        var dialogue = Dialogue()
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        let actions = dialogue.answer(.authenticationChallenge([UInt8](repeating: 0, count: 9300)))
        #expect(
            Self.besidesOneRefusal(actions) == [
                .authenticationCancelled, .sent("454 4.7.0 Authentication is not possible at the moment, try again later\r\n"),
            ])
    }

    @Test("a bare LF in the exchange ends it, and the rest of the line is not carried out")
    func bareLineFeed() {
        var dialogue = Dialogue()
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        _ = dialogue.answer(.authenticationChallenge([]))
        let actions = dialogue.say("QUFB\nQUIT\r\nNOOP\r\n")
        #expect(actions.first == .authenticationCancelled)
        #expect(
            actions.last == .sent("500 5.5.2 A command line ends with CRLF, and has no other CR or LF and no NUL\r\n250 2.0.0 OK\r\n"))
    }

    @Test("while the host has its turn the client is not idle, and what it sends waits within bounds")
    func hostsTurn() {
        var dialogue = Dialogue()
        #expect(dialogue.session.isWaitingForClient)
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        #expect(!dialogue.session.isWaitingForClient)
        #expect(dialogue.answer(.timedOut).isEmpty)
        #expect(dialogue.say(String(repeating: "NOOP \(String(repeating: "x", count: 400))\r\n", count: 50)) == [.pauseReading])
        let actions = dialogue.answer(.authenticationFailed(Reply(535, "5.7.8", "No")))
        #expect(actions.last == .resumeReading)
    }

    @Test("a client that sends no more hears the verdict; one that is gone does not, and the host is told")
    func ends() {
        var dialogue = Dialogue()
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        #expect(dialogue.answer(.inputClosed).isEmpty)
        let verdict = dialogue.answer(.authenticated(SessionIdentity(account: "alice"), finalData: nil))
        #expect(verdict == [.sent("235 2.7.0 Authentication succeeded\r\n"), .close])

        dialogue = Dialogue()
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        #expect(dialogue.answer(.disconnected) == [.authenticationCancelled, .close])
    }

    @Test("the host's answers count only where they are due")
    func strayAnswers() {
        var dialogue = Dialogue()
        for event in [
            .authenticated(SessionIdentity(account: "alice"), finalData: nil), .authenticationChallenge([1]),
            .authenticationFailed(Reply(535, "5.7.8", "No")), .secured(SecureChannel(version: "TLSv1.3", cipher: "X", bits: 256)),
        ] as [SMTPServerEvent] {
            #expect(dialogue.answer(event).isEmpty)
        }
        #expect(dialogue.session.identity == nil)
        #expect(dialogue.session.secureChannel == nil)
    }

    @Test("the session knows the account when the login is over, and not before the last word is confirmed")
    func identity() {
        var dialogue = Dialogue()
        _ = dialogue.say("AUTH SCRAM-SHA-256\r\n")
        _ = dialogue.answer(.authenticated(SessionIdentity(account: "alice"), finalData: [1]))
        #expect(dialogue.session.identity == nil)
        _ = dialogue.say("\r\n")
        #expect(dialogue.session.identity == SessionIdentity(account: "alice"))
        _ = dialogue.say("HELO c.test\r\nEHLO c.test\r\n")
        #expect(dialogue.session.identity == SessionIdentity(account: "alice"))
    }

    @Test(
        "DATA for recipients that were only put off is put off, too",
        arguments: [("4", "451 4.5.1"), ("5", "554 5.5.1"), ("45", "451 4.5.1")])
    func deferredRecipients(answers: String, code: String) {
        for content in ["DATA\r\n", "BDAT 2 LAST\r\nhi"] {
            var session = SMTPServerSession(settings: ServerRun.settings)
            var actions: [SMTPServerAction] = []
            session.receive(.connected, actions: &actions)
            session.receive(.said("EHLO c\r\nMAIL FROM:<a@x.test>\r\n"), actions: &actions)
            for answer in answers {
                session.receive(.said("RCPT TO:<b@y.test>\r\n"), actions: &actions)
                session.receive(.recipientAnswered(Reply(answer == "4" ? 450 : 550, nil, "no")), actions: &actions)
            }
            actions = []
            session.receive(.bytes(ByteBuffer(string: content)), actions: &actions)
            guard case .send(let reply) = actions.last else {
                Issue.record("\(actions)")
                continue
            }
            #expect(String(buffer: reply).hasPrefix(code))
        }
    }
}
