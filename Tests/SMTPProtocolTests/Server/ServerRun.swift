import MailVocabulary
import NIOCore
import SMTPProtocol

/// A server session with a host that answers every question as it comes: recipients whose local part begins with `no` are refused.
struct ServerRun {
    private var session: SMTPServerSession
    private var actions: [SMTPServerAction] = []
    /// What the client saw.
    private(set) var sent = ""
    /// What became of the transactions, in order; content is gathered, as its pieces are the host's affair.
    private(set) var events: [String] = []
    private var content: [UInt8] = []
    private(set) var isClosed = false

    static let settings = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: .kibibytes(64), sessionSizeLimit: nil, recipientsLimit: 3,
        messagesPerConnection: 3, commandLineLimit: 512, unknownCommandLimit: 4, errorLimit: 6)

    init(settings: SMTPServerSettings = ServerRun.settings, isGreeted: Bool = true) {
        session = SMTPServerSession(settings: settings)
        if isGreeted { receive(.connected) }
    }

    mutating func receive(_ text: String) { receive(Array(text.utf8)) }

    mutating func receive(_ bytes: some Sequence<UInt8>) { receive(.bytes(ByteBuffer(bytes: bytes))) }

    /// Answers come after the actions that they follow on, as they do from another process.
    mutating func receive(_ event: SMTPServerEvent) {
        waiting.append(event)
        guard !isWorking else { return }
        isWorking = true
        while !waiting.isEmpty {
            session.receive(waiting.removeFirst(), actions: &actions)
            let batch = actions
            actions.removeAll()
            for action in batch { perform(action) }
        }
        isWorking = false
    }

    private var waiting: [SMTPServerEvent] = []
    private var isWorking = false

    private mutating func perform(_ action: SMTPServerAction) {
        switch action {
        case .send(let bytes): sent += String(buffer: bytes)
        case .transactionBegan(let sender): events.append("began \(sender.reversePath)")
        case .askRecipient(let recipient):
            let isRefused = recipient.address.localPart.hasPrefix("no")
            events.append("asked \(recipient.address)")
            receive(.recipientAnswered(isRefused ? Reply(550, "5.1.1", "Unknown") : Reply(250, "2.1.5", "OK")))
        case .contentBegan: content = []
        case .content(let bytes): content += Array(bytes.readableBytesView)
        case .contentEnded(let octets, _):
            events.append("message \(octets) \(String(decoding: content, as: UTF8.self))")
            receive(.contentAnswered(Reply(250, "2.0.0", "queued")))
        case .transactionAborted: events.append("aborted")
        case .pauseReading, .resumeReading: break
        case .close: isClosed = true
        }
    }

    /// The first words of each reply line.
    var codes: [String] {
        sent.split(separator: "\r\n").filter { $0.dropFirst(3).first != "-" }.map { line in
            let words = line.split(separator: " ", maxSplits: 2)
            return words.count > 1 && words[1].allSatisfy { $0.isNumber || $0 == "." } ? "\(words[0]) \(words[1])" : String(words[0])
        }
    }

    var messages: [String] { events.filter { $0.hasPrefix("message") } }
}
