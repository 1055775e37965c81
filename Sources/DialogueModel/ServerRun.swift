import MailVocabulary
import NIOCore
import SMTPProtocol

/// A server session with a host that answers every question as it comes: recipients whose local part begins with `no` are refused.
///
/// TLS is two octets: where a handshake is due, 0x16 in the input is one that succeeds, after which the input is what TLS carries, and
/// 0x15 one that fails. Logins are those of `LoginModel`.
///
/// For tests and the fuzzer: what the client saw, and what became of its transactions, as values that can be compared.
public struct ServerRun {
    private var session: SMTPServerSession
    private var actions: [SMTPServerAction] = []
    /// What the client saw.
    public private(set) var sent = ""
    /// What became of the transactions, in order; content is gathered, as its pieces are the host's affair.
    public private(set) var events: [String] = []
    private var content: [UInt8] = []
    /// The messages that the host was given whole, as octets.
    public private(set) var contents: [[UInt8]] = []
    public private(set) var isClosed = false
    /// Octets in clear behind STARTTLS.
    public private(set) var droppedOctets = 0
    private var isHandshaking = false
    private var login: LoginModel?
    /// Something that must never be was done.
    private var breach: String?
    private let settings: SMTPServerSettings
    private let channel: SecureChannel

    public static let settings = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: .kibibytes(64), sessionSizeLimit: nil, recipientsLimit: 3,
        messagesPerConnection: 3, commandLineLimit: 512, unknownCommandLimit: 4, errorLimit: 6)

    /// A submission server: TLS and a login are required, and a password never goes in clear.
    public static let submissionSettings = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: .kibibytes(64), sessionSizeLimit: nil, recipientsLimit: 3,
        messagesPerConnection: 3, commandLineLimit: 512, unknownCommandLimit: 4, errorLimit: 6,
        transportSecurity: ServerTransportSecurity(mode: .required),
        authentication: ServerAuthentication(
            mechanismsInClear: [], mechanismsOverTLS: [.plain, .login, .scramSHA256], isRequired: true))

    /// One that offers TLS and lets clients log in before it, too, with what shows no password.
    public static let lenientSettings = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: .kibibytes(64), sessionSizeLimit: nil, recipientsLimit: 3,
        messagesPerConnection: 3, commandLineLimit: 512, unknownCommandLimit: 4, errorLimit: 6,
        transportSecurity: ServerTransportSecurity(mode: .offered),
        authentication: ServerAuthentication(
            mechanismsInClear: [.scramSHA256], mechanismsOverTLS: [.plain, .login, .scramSHA256], isRequired: false))

    /// Mechanisms that nobody can log in with from now on.
    public mutating func switchOff(_ mechanisms: Set<SASLMechanism>) { session.mechanismsOff = mechanisms }

    /// - Parameter channel: what a handshake brings about.
    public init(
        settings: SMTPServerSettings = ServerRun.settings, isGreeted: Bool = true,
        channel: SecureChannel = SecureChannel(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256)
    ) {
        (self.settings, self.channel) = (settings, channel)
        session = SMTPServerSession(settings: settings)
        if isGreeted { receive(.connected) }
    }

    public mutating func receive(_ text: String) { receive(Array(text.utf8)) }

    public mutating func receive(_ bytes: some Sequence<UInt8>) {
        var piece: [UInt8] = []
        for byte in bytes {
            if byte == 0x16 || byte == 0x15 {
                receive(.bytes(ByteBuffer(bytes: piece)))
                piece = []
                if isHandshaking {
                    isHandshaking = false
                    receive(byte == 0x16 ? .secured(channel) : .handshakeFailed)
                    continue
                }
            }
            piece.append(byte)
        }
        receive(.bytes(ByteBuffer(bytes: piece)))
    }

    /// Answers come after the actions that they follow on, as they do from another process.
    public mutating func receive(_ event: SMTPServerEvent) {
        note(event)
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

    /// The texts of the replies that the host was told of as refusals, and of those that it made itself.
    private var noted: Set<String> = []

    private static func text(_ reply: Reply) -> String { reply.lines.last ?? "" }

    private mutating func note(_ event: SMTPServerEvent) {
        switch event {
        case .recipientAnswered(let reply), .contentAnswered(let reply), .authenticationFailed(let reply): noted.insert(Self.text(reply))
        default: break
        }
    }

    private mutating func perform(_ action: SMTPServerAction) {
        switch action {
        case .send(let bytes): sent += String(buffer: bytes)
        case .transactionBegan(let sender):
            if settings.transportSecurity.mode == .required, session.secureChannel == nil { breach = "a transaction without TLS" }
            if settings.authentication?.isRequired == true, session.identity == nil { breach = "a transaction without a login" }
            events.append("began \(sender.reversePath)" + (session.identity.map { " as \($0.account)" } ?? ""))
        case .startTLS:
            if session.greeting != nil, session.secureChannel == nil { events.append("TLS") } else { events.append("TLS, ungreeted") }
            isHandshaking = true
        case .plaintextDropped(let octets): droppedOctets += octets
        case .refused(let refusal): noted.insert(Self.text(refusal.reply))
        case .authenticate(let mechanism, let initialResponse):
            if session.secureChannel == nil, settings.authentication?.mechanismsInClear.contains(mechanism) != true {
                breach = "\(mechanism.rawValue) in clear"
            }
            var login = LoginModel(mechanism)
            let answer = login.receive(initialResponse)
            self.login = login
            receive(answer)
        case .authenticationResponse(let response):
            if let answer = login?.receive(response) { receive(answer) } else { breach = "a response without an exchange" }
        case .authenticationCancelled:
            login = nil
            events.append("login cancelled")
        case .askRecipient(let recipient):
            let isRefused = recipient.address.localPart.hasPrefix("no")
            events.append("asked \(recipient.address)")
            receive(.recipientAnswered(isRefused ? Reply(550, "5.1.1", "Unknown") : Reply(250, "2.1.5", "OK")))
        case .contentBegan: content = []
        case .content(let bytes): content += Array(bytes.readableBytesView)
        case .contentEnded(let octets, _):
            contents.append(content)
            events.append("message \(octets) \(String(decoding: content, as: UTF8.self))")
            receive(.contentAnswered(Reply(250, "2.0.0", "queued")))
        case .transactionAborted: events.append("aborted")
        case .pauseReading, .resumeReading: break
        case .close: isClosed = true
        }
    }

    /// The first words of each reply line.
    public var codes: [String] {
        sent.split(separator: "\r\n").filter { $0.dropFirst(3).first != "-" }.map { line in
            let words = line.split(separator: " ", maxSplits: 2)
            return words.count > 1 && words[1].allSatisfy { $0.isNumber || $0 == "." } ? "\(words[0]) \(words[1])" : String(words[0])
        }
    }

    public var messages: [String] { events.filter { $0.hasPrefix("message") } }

    /// What is wrong with this run whatever came in; nil where nothing is.
    public var violation: String? {
        if let breach { return breach }
        if let identity = session.identity, session.greeting == nil { return "\(identity.account) is logged in without a greeting" }
        for content in contents {
            var previous: UInt8 = 0
            for byte in content {
                if byte == 0 { return "a message with a NUL" }
                if (byte == 0x0A) != (previous == 0x0D) { return "a message with a CR or LF on its own" }
                previous = byte
            }
            if previous == 0x0D { return "a message that ends with a CR" }
        }
        for line in sent.split(separator: "\r\n", omittingEmptySubsequences: false).dropLast() {
            if line.utf8.count > 510 { return "a reply line of \(line.utf8.count) octets" }
            if let first = line.utf8.first, first == UInt8(ascii: "4") || first == UInt8(ascii: "5"),
                !noted.contains(where: { line.hasSuffix($0) && !$0.isEmpty })
            {
                return "a refusal that the host has not heard of: \(line)"
            }
            if line.utf8.count < 3 || !line.utf8.prefix(3).allSatisfy({ (0x30...0x39).contains($0) }) { return "no reply line: \(line)" }
        }
        if !sent.isEmpty, !sent.hasSuffix("\r\n") { return "a reply without its end" }
        return nil
    }
}
