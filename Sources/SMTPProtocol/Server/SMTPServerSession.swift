import MailVocabulary
import NIOCore

/// The receiving side of one SMTP connection (RFC 5321) as a value: events in, actions out; no I/O, no clock.
///
/// Replies leave in the order of the commands, those of one event in one write. Enhanced status codes are in every reply but the banner,
/// those to greetings and 354 (RFC 2034 §4), after HELO as well: to a client that does not know them they are text.
///
/// Pipelining (RFC 2920): further `RCPT` are worked on while earlier ones wait for their answer; everything else waits its turn. Octets
/// behind `DATA` that come before the 354 are content, as the client means them. Where `DATA` is refused they would become commands,
/// perhaps written by the author of a message (RFC 2920 §3.1: DATA is the last of its group): the session closes at the first line
/// behind it that begins with no verb, until a command without fault has come. It does not look at what has already arrived, so that the same octets mean the same
/// however the network cuts them.
///
/// TLS and logins are the host's to perform: `.startTLS` and `.authenticate` ask for them. What a client said in clear counts for nothing
/// once TLS stands.
///
/// Bounds: a command line, `maximumUnansweredRecipients`, and of input that cannot be worked on yet `pauseThreshold` octets plus what one read
/// brings.
public struct SMTPServerSession: Sendable {
    enum Phase: Hashable, Sendable {
        case beforeBanner
        case commands
        /// Behind the 220 to STARTTLS, until TLS stands. Whether octets in clear came there.
        case handshake(sawPlaintext: Bool)
        /// In the exchange of AUTH.
        case authentication(ServerExchange)
        /// Behind the 354.
        case data
        /// Behind `BDAT`, in a chunk.
        case chunk
        /// In a chunk that was refused by its command line.
        case refusedChunk
        /// Content went out whole; its answer is to come.
        case answer
        case closed
    }

    /// Recipients that may wait for their answer at a time: what all connections ask stands in one line before the core.
    public static let maximumUnansweredRecipients = 20
    /// Octets of waiting input from which on the host is asked to read no more.
    static let pauseThreshold = 16384

    let settings: SMTPServerSettings
    let parser: CommandParser
    var lines: CommandLineReader
    var phase = Phase.beforeBanner
    var standing = ClientStanding.stranger
    /// How the client greeted; nil before, and again when TLS has begun.
    public var greeting: ClientGreeting? { standing.greeting }
    /// Who is logged in.
    public var identity: SessionIdentity? { standing.identity }
    /// What protects the connection; nil in clear.
    public internal(set) var secureChannel: SecureChannel?
    /// Mechanisms that are configured and that nobody can log in with at present, as the host knows: not offered, and refused with 504.
    public var mechanismsOff: Set<SASLMechanism> = []
    /// Why next to nothing may be done with the protection that there is (S13, S14).
    var protectionRefusal: Reply?
    var transaction: ServerTransaction?
    var replies = ReplyQueue()
    var input = ByteBuffer()
    private var output = ByteBuffer()

    var dataDecoder = DataDecoder(limit: nil, lineLimit: nil)
    var chunkDecoder = ChunkDecoder(limit: nil, lineLimit: nil)
    var isLastChunk = false
    /// The chunk under way was announced with no octet, and is not the last.
    var isEmptyChunk = false
    var refusedChunk: RefusedChunk?

    var messages = 0
    var sessionOctets = 0
    var errors = 0
    var unknownCommands = 0
    var idleCommands = 0
    var refusedRecipients = 0
    /// Those told to come later, or in another message.
    var postponedRecipients = 0
    /// Whole lines that the client has sent: commands, and responses of AUTH. Only these, and content, end its silence.
    public internal(set) var linesRead: UInt64 = 0
    /// Octets of content that have been taken or swallowed.
    public internal(set) var contentOctetsRead: UInt64 = 0
    var failedLogins = 0
    /// `DATA` was refused by the last command: see the pipelining rule above.
    var dataWasRefused = false

    private var isInputClosed = false
    var isShuttingDown = false
    /// Nothing stands against the banner but, where the connection begins with it, TLS.
    private var mayGreet = false
    private var isReadingPaused = false
    /// The last reply in the queue closes the session: nothing more is read.
    private var closesBehindReplies = false

    public init(settings: SMTPServerSettings) {
        self.settings = settings
        parser = CommandParser(
            postmasterDomain: settings.postmasterDomain, knowsStartTLS: settings.transportSecurity.mode != .none,
            knowsAuthentication: settings.authentication != nil)
        lines = CommandLineReader(limit: settings.commandLineLimit, knowsAuthentication: settings.authentication != nil)
        protectionRefusal = settings.transportSecurity.refusalInClear
    }

    public var isClosed: Bool { phase == .closed }

    /// Whether what comes next is content of a message, and no command.
    public var takesContent: Bool {
        switch phase {
        case .data, .chunk, .refusedChunk: true
        default: false
        }
    }

    /// Whether the next move is the client's: only then its silence counts against it.
    public var isWaitingForClient: Bool {
        switch phase {
        case .beforeBanner: mayGreet
        case .answer, .closed, .authentication(.hostsTurn): false
        case .handshake, .authentication(.clientsTurn), .authentication(.lastWord): true
        case .commands, .data, .chunk, .refusedChunk: replies.isEmpty
        }
    }

    /// Takes one event in.
    ///
    /// - Parameter actions: what is to be done is appended, in order. After `.close` no event has any effect.
    public mutating func receive(_ event: SMTPServerEvent, actions: inout [SMTPServerAction]) {
        guard phase != .closed else { return }
        switch event {
        case .connected:
            mayGreet = true
            greetIfReady()
        case .secured(let channel):
            secured(channel)
            greetIfReady()
        case .handshakeFailed: close(with: nil, &actions)
        case .bytes(let bytes):
            guard bytes.readableBytes > 0 else { return }
            if phase == .beforeBanner {
                close(with: ServerReplies.earlyTalker, &actions)
            } else {
                take(bytes)
            }
        case .inputClosed: isInputClosed = true
        case .disconnected: close(with: nil, &actions)
        case .recipientAnswered(let reply): recipientAnswered(reply, &actions)
        case .contentAnswered(let reply): contentAnswered(reply, &actions)
        case .authenticationChallenge(let challenge): authenticationChallenge(challenge, then: .clientsTurn, &actions)
        case .authenticated(let identity, let finalData): authenticated(identity, finalData: finalData, &actions)
        case .authenticationFailed(let reply): authenticationFailed(reply, &actions)
        case .refuse(let reply, let rule): close(with: rule.map { settings.coded(reply, by: $0) } ?? reply, &actions)
        case .timedOut:
            guard isWaitingForClient else { return }
            close(with: ServerReplies.timedOut, &actions)
        case .tooSlow:
            guard transaction != nil || phase == .refusedChunk, phase != .answer else { return }
            close(with: ServerReplies.tooSlow, &actions)
        case .shuttingDown:
            isShuttingDown = true
            if phase == .beforeBanner { close(with: ServerReplies.shuttingDown, &actions) }
        }
        work(&actions)
        finish(&actions)
    }

    private mutating func greetIfReady() {
        guard phase == .beforeBanner, mayGreet, canBeHeard else { return }
        output.writeImmutableBuffer(settings.banner)
        phase = .commands
    }

    private mutating func take(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// Goes on until something is missing: input, or an answer.
    private mutating func work(_ actions: inout [SMTPServerAction]) {
        var goesOn = true
        while goesOn {
            switch phase {
            case .commands: goesOn = workOnCommand(&actions)
            case .data: goesOn = workOnData(&actions)
            case .chunk: goesOn = workOnChunk(&actions)
            case .refusedChunk: goesOn = workOnRefusedChunk(&actions)
            case .authentication(let exchange): goesOn = workOnExchange(exchange, &actions)
            case .handshake(let sawPlaintext):
                dropPlaintext(sawPlaintext: sawPlaintext, &actions)
                goesOn = false
            case .beforeBanner, .answer, .closed: goesOn = false
            }
        }
        if isInputClosed, phase != .answer, phase != .authentication(.hostsTurn), phase != .closed, replies.isEmpty {
            close(with: nil, &actions)
        }
    }

    private mutating func workOnCommand(_ actions: inout [SMTPServerAction]) -> Bool {
        if replies.isEmpty {
            if isShuttingDown, transaction == nil {
                close(with: ServerReplies.shuttingDown, &actions)
                return false
            }
        } else {
            let isRecipient = input.withUnsafeReadableBytes { CommandLineReader.begins($0, with: "RCPT ") }
            guard isRecipient, !lines.isSkipping, !closesBehindReplies, replies.count < Self.maximumUnansweredRecipients else {
                return false
            }
        }
        return readCommand(&actions)
    }

    mutating func flush(_ actions: inout [SMTPServerAction]) {
        guard output.readableBytes > 0 else { return }
        actions.append(.send(output))
        output = ByteBuffer()
    }

    /// What is left of the event: one write, reading or not, the end.
    private mutating func finish(_ actions: inout [SMTPServerAction]) {
        flush(&actions)
        if phase == .closed {
            actions.append(.close)
            return
        }
        let isBlocked = phase == .answer || phase == .authentication(.hostsTurn) || !replies.isEmpty
        let pauses = isBlocked && input.readableBytes >= Self.pauseThreshold
        if pauses != isReadingPaused {
            isReadingPaused = pauses
            actions.append(pauses ? .pauseReading : .resumeReading)
        }
        if input.readableBytes == 0 {
            input = ByteBuffer()
        } else if input.storageCapacity > 1024, input.readableBytes < input.storageCapacity / 4 {
            // The beginning of a command does not keep a whole read buffer alive while its connection idles.
            input = ByteBuffer(bytes: input.readableBytesView)
        }
    }
}

// MARK: - Replies and the end

extension SMTPServerSession {
    /// Answers a command; after unanswered recipients where there are any.
    mutating func respond(_ reply: Reply) {
        if replies.isEmpty {
            write(reply)
        } else {
            replies.append(reply)
        }
    }

    /// Answers a command with something that counts as the client's error.
    ///
    /// - Parameters:
    ///   - sender: of the command, where it is none of the transaction that runs.
    ///   - isOwn: the session's own words, and not the host's.
    mutating func refuse(_ reply: Reply, from sender: EnvelopeSender? = nil, isOwn: Bool = true, _ actions: inout [SMTPServerAction]) {
        errors += 1
        if errors > settings.errorLimit {
            closeInTurn(with: ServerReplies.tooManyErrors, &actions)
        } else {
            if isOwn { note(reply, from: sender, &actions) }
            respond(reply)
        }
    }

    /// Closes after the replies that still wait.
    mutating func closeInTurn(with reply: Reply, _ actions: inout [SMTPServerAction]) {
        if replies.isEmpty {
            close(with: reply, &actions)
        } else {
            note(reply, &actions)
            replies.append(reply)
            closesBehindReplies = true
        }
    }

    /// Closes now: what is unanswered stays so, what is unread is never read.
    ///
    /// - Parameters:
    ///   - sender: of the command, where it is none of the transaction that runs.
    ///   - isOwn: the session's own words, which nobody has noted yet.
    mutating func close(
        with reply: Reply?, from sender: EnvelopeSender? = nil, isOwn: Bool = true, _ actions: inout [SMTPServerAction]
    ) {
        guard phase != .closed else { return }
        if let reply, isOwn, canBeHeard { note(reply, from: sender, &actions) }
        let end: TransactionEnd = reply.map { $0.code >= 400 ? .refused : .byClient } ?? .connectionLost
        abortTransaction(as: end, &actions)
        if case .authentication = phase { actions.append(.authenticationCancelled) }
        if let reply, canBeHeard { write(reply) }
        phase = .closed
        replies.removeAll()
        input = ByteBuffer()
    }

    /// Drops the transaction, and says so to whoever holds it, unless its content is out of our hands.
    mutating func abortTransaction(as end: TransactionEnd = .byClient, _ actions: inout [SMTPServerAction]) {
        guard let ended = transaction else { return }
        transaction = nil
        // Between chunks; what came in them is otherwise counted with the end of the content.
        if phase == .commands, ended.contentBegan { countSessionOctets(chunkDecoder.octets) }
        if phase != .answer, ended.isAlive { actions.append(.transactionAborted(end)) }
    }

    mutating func write(encoded reply: ByteBuffer) { output.writeImmutableBuffer(reply) }

    private mutating func write(_ reply: Reply) {
        if output.readableBytes == 0 { output.reserveCapacity(256) }
        ReplyEncoder.encode(reply, into: &output)
    }

    /// - Returns: false where there were too many.
    mutating func countsPostponedRecipient() -> Bool {
        postponedRecipients += 1
        return postponedRecipients <= settings.postponedRecipientLimit
    }

    private mutating func recipientAnswered(_ reply: Reply, _ actions: inout [SMTPServerAction]) {
        guard replies.unanswered > 0 else { return }
        replies.removeUnanswered()
        if reply.isPositive {
            transaction?.accepted += 1
        } else if reply.isTransientFailure {
            transaction?.deferred += 1
            guard countsPostponedRecipient() else { return close(with: ServerReplies.tooManyPostponedRecipients, &actions) }
        } else if reply.isPermanentFailure {
            refusedRecipients += 1
            if refusedRecipients > settings.refusedRecipientLimit {
                return close(with: ServerReplies.tooManyRefusedRecipients, &actions)
            }
        }
        // RFC 5321 §3.8: 421 says that the channel closes.
        if reply.code == 421 { return close(with: reply, isOwn: false, &actions) }
        write(reply)
        while let known = replies.popKnown() {
            if known.code == 421 { return close(with: known, isOwn: false, &actions) }
            write(known)
        }
    }
}
