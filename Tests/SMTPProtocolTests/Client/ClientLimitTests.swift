import MailVocabulary
import NIOCore
import Testing

@testable import SMTPProtocol

@Suite("Client session: limits")
struct ClientLimitTests {
    private func readySession(_ extensions: String) -> SMTPClientSession {
        var session = SMTPClientSession(settings: ClientSettings(ourName: .name(DomainName(parsing: "us.example")!)))
        _ = session.receive(.received(ByteBuffer(string: "220 mx\r\n")))
        _ = session.receive(.received(ByteBuffer(string: "250-mx\r\n250 \(extensions)\r\n")))
        return session
    }

    private func commands(_ actions: [SMTPClientSession.Action]) -> Int {
        actions.reduce(0) { count, action in
            if case .write(let bytes) = action { count + String(buffer: bytes).split(separator: "\r\n").count } else { count }
        }
    }

    @Test("a message with very many recipients has at most 1000 RCPT under way, and all get their answer")
    func window() {
        var session = readySession("PIPELINING")
        let recipients = (0..<2500).map { EnvelopeRecipient(address: EmailAddress(parsing: "r\($0)@x.example")!) }
        let message = OutgoingMessage(
            sender: EnvelopeSender(reversePath: .null), recipients: recipients, size: 2, has8BitContent: false)
        var sent = commands(session.receive(.begin(message)))
        #expect(sent == 1 + ClientTransaction.recipientWindow)
        var answered = 0
        while answered < 2501 {
            answered += 1
            sent += commands(session.receive(.received(ByteBuffer(string: "250 ok\r\n"))))
            #expect(sent - answered <= ClientTransaction.recipientWindow + 2)
        }
        #expect(sent == 2502)
        #expect(session.receive(.received(ByteBuffer(string: "354 go\r\n"))) == [.sendContent])
        _ = session.receive(.content(ByteBuffer(string: "\r\n")))
        _ = session.receive(.contentEnded)
        let expected = DeliveryResult(
            outcomes: recipients.map { _ in .delivered(Reply(250, nil, "ok")) }, connection: .reusable)
        #expect(session.receive(.received(ByteBuffer(string: "250 ok\r\n"))) == [.finished(expected)])
    }

    @Test("a refusal in the middle of the content decides, and ends the connection")
    func earlyRefusal() {
        var session = readySession("PIPELINING")
        _ = session.receive(.begin(ClientDialogue.message("0123456789").message))
        _ = session.receive(.received(ByteBuffer(string: "250 ok\r\n250 ok\r\n354 go\r\n")))
        _ = session.receive(.content(ByteBuffer(string: "01234")))
        let reply = Reply(552, "5.3.4", "too big")
        #expect(
            session.receive(.received(ByteBuffer(string: "552 5.3.4 too big\r\n"))) == [
                .finished(
                    DeliveryResult(
                        outcomes: [.permanentFailure(reply)],
                        connection: .lost(ConnectionLoss(progress: .content, cause: .closedByReply(reply))))), .close,
            ])
        #expect(session.receive(.content(ByteBuffer(string: "56789"))).isEmpty)
        #expect(session.receive(.contentEnded).isEmpty)
    }

    @Test("an acceptance in the middle of the content is none")
    func earlyAcceptance() {
        var session = readySession("CHUNKING")
        _ = session.receive(.begin(ClientDialogue.message("0123456789").message))
        _ = session.receive(.received(ByteBuffer(string: "250 ok\r\n")))
        _ = session.receive(.received(ByteBuffer(string: "250 ok\r\n")))
        let actions = session.receive(.received(ByteBuffer(string: "250 ok\r\n")))
        guard case .finished(let result) = actions.first, case .transientFailure = result.outcomes[0] else {
            Issue.record("\(actions)")
            return
        }
        #expect(actions.last == .close)
    }

    @Test("nothing after the reply to QUIT is looked at")
    func afterQuit() {
        var session = readySession("PIPELINING")
        #expect(session.receive(.quit) == [.write(ByteBuffer(string: "QUIT\r\n"))])
        #expect(session.receive(.received(ByteBuffer(string: "221 bye\r\n250 and\r\nmore"))) == [.close])
        #expect(session.receive(.received(ByteBuffer(string: "still more"))).isEmpty)
    }

    @Test("quit during a transaction waits for its end")
    func quitLater() {
        var session = readySession("CHUNKING")
        _ = session.receive(.begin(ClientDialogue.message().message))
        #expect(session.receive(.quit).isEmpty)
        let reply = Reply(550, nil, "no")
        #expect(
            session.receive(.received(ByteBuffer(string: "550 no\r\n"))) == [
                .finished(DeliveryResult(outcomes: [.permanentFailure(reply)], connection: .reusable)),
                .write(ByteBuffer(string: "QUIT\r\n")),
            ])
        #expect(!session.isReady)
    }

    @Test("a message for nobody is over at once")
    func nobody() {
        var session = readySession("PIPELINING")
        let actions = session.receive(.begin(ClientDialogue.message(to: []).message))
        #expect(actions == [.finished(DeliveryResult(outcomes: [], connection: .reusable))])
        #expect(session.isReady)
    }

    @Test("binary content needs BINARYMIME and CHUNKING")
    func binary() {
        let message = OutgoingMessage(
            sender: EnvelopeSender(reversePath: .null, body: .binaryMIME),
            recipients: [EnvelopeRecipient(address: EmailAddress(parsing: "a@x.example")!)], size: 2, has8BitContent: true)
        var session = readySession("8BITMIME")
        guard case .finished(let result) = session.receive(.begin(message)).first else {
            Issue.record("expected an outcome")
            return
        }
        #expect(result.outcomes[0].reply.status == EnhancedStatusCode(5, 6, 3))
    }

    @Test("whatever the server answers, there is one result with all outcomes, and delivered means that the end of the content was taken")
    func randomReplies() {
        let replies = [
            "250 ok", "250 ok", "250 ok", "354 go", "421 4.3.2 bye", "452 4.5.3 many", "450 no", "550 no", "250-x\r\n250 y", "?",
        ]
        for seed in UInt64(0)..<5000 {
            var generator = ClientTestGenerator(state: seed)
            var session = readySession("X")
            session.extensions = RemoteExtensions(
                lines: ["PIPELINING", "CHUNKING", "SIZE"].filter { _ in Bool.random(using: &generator) })
            let recipients = (0..<Int.random(in: 1...4, using: &generator)).map { "r\($0)@x.example" }
            var results: [DeliveryResult] = []
            var isContentSent = false
            var pending = session.receive(.begin(ClientDialogue.message(to: recipients).message))
            var lastReply = ""
            for _ in 0..<20 where session.isOpen {
                while !pending.isEmpty {
                    switch pending.removeFirst() {
                    case .sendContent:
                        pending += session.receive(.content(ByteBuffer(string: "hi\r\n")))
                        pending += session.receive(.contentEnded)
                        isContentSent = true
                    case .finished(let result):
                        results.append(result)
                        let isDelivered = result.outcomes.contains(where: \.isDelivered)
                        #expect(!isDelivered || (isContentSent && lastReply.hasPrefix("250")), "seed \(seed)")
                    default: break
                    }
                }
                lastReply = replies.randomElement(using: &generator)!
                pending = session.receive(.received(ByteBuffer(string: lastReply + "\r\n")))
            }
            for case .finished(let result) in pending { results.append(result) }
            #expect(results.count == 1 && results.first?.outcomes.count == recipients.count, "seed \(seed)")
        }
    }
}
