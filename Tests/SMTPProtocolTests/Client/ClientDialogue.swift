import MailVocabulary
import NIOCore

@testable import SMTPProtocol

/// Plays a transcript against a client session.
///
/// `S:` lines are given to the session; what it writes is recorded as `C:` lines, and what it reports as `=>` lines. The record of the
/// whole dialogue must equal the transcript. `S: [closes]` and `S: [time]` stand for the end of the connection and of the time, `S: [TLS]`
/// and `S: [no TLS]` for a handshake that succeeds and one that fails.
struct ClientDialogue {
    struct Message {
        let message: OutgoingMessage
        let content: String
        /// What is given in fact, where it differs from what was announced.
        var chunks: [String]?
        var failure: String?
    }

    var settings = ClientSettings(ourName: .name(DomainName(parsing: "us.example")!))
    /// What the host says to `authenticate` and to each challenge, in order.
    var login: [SMTPClientSession.Event] = []
    /// Begun one after another, as soon as the session is ready.
    var messages: [Message] = []
    /// Says `.quit` after the last message.
    var quits = false

    /// The record of the dialogue.
    ///
    /// - Parameter split: cuts what the server says in one turn into pieces.
    func play(_ transcript: String, split: (ByteBuffer) -> [ByteBuffer] = { [$0] }) -> String {
        var player = Player(dialogue: self)
        var turn: [Substring] = []
        for line in transcript.split(separator: "\n") {
            if line.hasPrefix("S: ") {
                turn.append(line)
            } else if !turn.isEmpty {
                player.serverSays(turn, split)
                turn = []
            }
        }
        if !turn.isEmpty { player.serverSays(turn, split) }
        return player.record.joined(separator: "\n")
    }

    static func message(
        from sender: String? = "from@us.example", to recipients: [String] = ["a@x.example"], _ content: String = "hi\r\n",
        eightBit: Bool = false, smtpUTF8: Bool = false
    ) -> Message {
        let path = sender.map { ReversePath.address(EmailAddress(parsing: $0)!) } ?? .null
        return Message(
            message: OutgoingMessage(
                sender: EnvelopeSender(reversePath: path, smtpUTF8: smtpUTF8),
                recipients: recipients.map { EnvelopeRecipient(address: EmailAddress(parsing: $0)!) }, size: content.utf8.count,
                has8BitContent: eightBit), content: content)
    }
}

private struct Player {
    var session: SMTPClientSession
    var waiting: [ClientDialogue.Message]
    var login: [SMTPClientSession.Event]
    let quits: Bool
    var current: ClientDialogue.Message?
    var record: [String] = []
    private var written = ""

    init(dialogue: ClientDialogue) {
        session = SMTPClientSession(settings: dialogue.settings)
        waiting = dialogue.messages
        login = dialogue.login
        quits = dialogue.quits
    }

    mutating func serverSays(_ lines: [Substring], _ split: (ByteBuffer) -> [ByteBuffer]) {
        record += lines.map(String.init)
        var bytes = ByteBuffer()
        func flush(_ player: inout Player) {
            for piece in bytes.readableBytes > 0 ? split(bytes) : [] { player.handle(.received(piece)) }
            bytes.clear()
        }
        for line in lines {
            switch line.dropFirst(3) {
            case "[closes]":
                flush(&self)
                handle(.closed)
            case "[time]":
                flush(&self)
                handle(.timedOut)
            case "[TLS]":
                flush(&self)
                handle(.secured)
            case "[no TLS]":
                flush(&self)
                handle(.handshakeFailed("the certificate has expired"))
            case let text: bytes.writeString(text + "\r\n")
            }
        }
        flush(&self)
        showWritten()
    }

    private mutating func handle(_ event: SMTPClientSession.Event) {
        for action in session.receive(event) {
            switch action {
            case .write(let bytes): written += String(buffer: bytes)
            case .startTLS: show("TLS")
            case .authenticate(let mechanisms):
                show("log in with \(mechanisms.joined(separator: " "))")
                goOnWithLogin()
            case .authenticationChallenge(let challenge):
                show("challenge \(String(decoding: challenge, as: UTF8.self))")
                goOnWithLogin()
            case .authenticated: show("logged in")
            case .ready: next()
            case .failed(let failure): show("failed at \(failure.phase): \(failure.reply)")
            case .sendContent: sendContent()
            case .finished(let result):
                showResult(result)
                next()
            case .close: show("close")
            }
        }
    }

    private mutating func goOnWithLogin() {
        if !login.isEmpty { handle(login.removeFirst()) }
    }

    private mutating func next() {
        guard !waiting.isEmpty else {
            if quits { handle(.quit) }
            return
        }
        let message = waiting.removeFirst()
        current = message
        handle(.begin(message.message))
    }

    private mutating func sendContent() {
        guard let message = current else { return }
        for chunk in message.chunks ?? [message.content] { handle(.content(ByteBuffer(string: chunk))) }
        if let failure = message.failure { handle(.contentFailed(failure)) } else { handle(.contentEnded) }
    }

    private mutating func showResult(_ result: DeliveryResult) {
        for (recipient, outcome) in zip(current?.message.recipients ?? [], result.outcomes) {
            let verb =
                switch outcome {
                case .delivered: "delivered"
                case .transientFailure: "deferred"
                case .permanentFailure: "failed"
                case .lacking: "lacking"
                case .retryAtOnce(_, .sameConnection): "again here"
                case .retryAtOnce(_, .anotherConnection): "again elsewhere"
                case .undetermined: "undetermined"
                }
            show("\(recipient.address.localPart) \(verb): \(outcome.reply)")
        }
        switch result.connection {
        case .reusable: break
        case .exhausted: show("exhausted")
        case .lost(let loss): show("lost: \(loss.progress)")
        }
    }

    private mutating func show(_ text: String) {
        showWritten()
        record.append("=> \(text)")
    }

    private mutating func showWritten() {
        var lines = written.split(separator: "\r\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        record += lines.map { "C: \($0)" }
        written = ""
    }
}

/// A small generator whose sequence a seed repeats.
struct ClientTestGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
