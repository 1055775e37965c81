import CoreLink
import MailVocabulary
import MessageFormat
import NIOCore
import SMTPProtocol
import TransportSecurity

/// The shell around one SMTP session: bytes to events, actions to writes, and the way to the core. Confined to its event loop.
///
/// Knows no rule of SMTP and none of routing: the session machine has the former, the core the latter.
public final class SMTPServerHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = Never
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private let context: SMTPServerContext
    private let client: ClientFacts
    private var session: SMTPServerSession
    private var actions: [SMTPServerAction] = []
    /// Events that came while actions of an earlier one were performed: they have their turn after these.
    private var waitingEvents: [SMTPServerEvent] = []
    private var isHandling = false
    private var transaction: SubmitTransaction?
    private var sender: EnvelopeSender?
    /// For the log, when a transaction ends before what is said of it.
    private var lastEnvelope = LoggedEnvelope()
    /// The content is refused, and the reply to its end is still to come.
    private var isContentRefusalDue = false
    private var isRefusalLogged = false
    private var secureChannel: SecureChannel?
    private var login: LoginExchange?
    /// Of the session, once it has logged in.
    private var token: SessionToken?
    private var filter: HeaderFilter?
    private var filtered: [ByteBuffer] = []
    private var channelContext: ChannelHandlerContext?
    private var isReading = false
    /// The session holds enough that it cannot work on yet.
    private var isPausedBySession = false
    /// The core takes nothing more at the moment.
    private var isPausedByCore = false
    /// Called when a handshake begins that the client has asked for by STARTTLS.
    public var onStartTLS: (() -> Void)?
    /// Called when the client has brought mail forward: TLS, a login, a recipient, content, a message.
    public var onProgress: () -> Void = {}
    private var wantsRead = false
    private var lastActivity = NIODeadline.now()
    private var input = PacedInput()
    /// Whether the channel reads as often in a turn as suits content.
    private var readsContent = false
    private var worksLater = false
    private var pace = TransactionPace()
    private var idleTimer: Scheduled<Void>?
    private var isClosing = false
    private var isInputClosed = false

    public init(context: SMTPServerContext, client: ClientFacts) {
        (self.context, self.client) = (context, client)
        session = SMTPServerSession(settings: context.settings)
    }

    // MARK: From outside

    /// The checks on the connection are done: says the banner.
    public func greet() { handle(.connected) }

    /// Says why the client is not served, and closes.
    ///
    /// - Parameters:
    ///   - rule: the rule of the virtual server that says so; nil where it is for now only.
    ///   - isLogged: whether the log has a line of it already.
    public func refuse(_ reply: Reply, by rule: SessionRule?, isLogged: Bool = false) {
        isRefusalLogged = isLogged
        handle(.refuse(reply, by: rule))
    }

    /// The session refuses something.
    private func refused(_ refusal: ServerRefusal) {
        var envelope = LoggedEnvelope(reversePath: refusal.sender?.reversePath)
        if refusal.isOfTransaction {
            envelope = loggedEnvelope
            isContentRefusalDue = false
        }
        if let recipient = refusal.recipient { envelope = envelope.naming(recipient.address) }
        if !isRefusalLogged { context.refused(refusal.reply, by: refusal.rule, client, envelope) }
        guard let rule = refusal.rule else { return }
        context.tellCore(refusal.reply, by: rule, client, helo: session.greeting?.name, from: refusal.sender?.reversePath)
    }

    /// Of the transaction that runs, or of the last one.
    private var loggedEnvelope: LoggedEnvelope { transaction.map(LoggedEnvelope.init(of:)) ?? lastEnvelope }

    /// The front end answers in place of the core, or of `postern-auth`.
    private func answeredOurselves(_ reply: Reply, _ envelope: LoggedEnvelope) {
        if !reply.isPositive { context.refused(reply, by: nil, client, envelope) }
    }

    /// The process ends: an idle session at once, another after its transaction.
    public func shutDown() { handle(.shuttingDown) }

    // MARK: Channel

    public func handlerAdded(context: ChannelHandlerContext) {
        channelContext = context
        armIdleTimer()
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        channelContext = nil
        ended()
    }

    public func read(context: ChannelHandlerContext) {
        if mayRead(context.channel) { context.read() } else { wantsRead = true }
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { workOff() }
        readOn()
        context.fireChannelWritabilityChanged()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosing { return }
        isReading = true
        input.append(unwrapInboundIn(data))
        workOff()
    }

    /// Gives the session what was read. Of commands only a slice in a turn of the loop, and none while the client does not read its replies:
    /// so that nobody's pipeline keeps other connections waiting, or fills the memory with replies.
    private func workOff() {
        guard !worksLater, !isClosing, let channelContext else { return }
        guard !isHandling else { return workOffLater() }
        while !input.isEmpty {
            if session.takesContent {
                give(input.waiting)
                break
            }
            guard channelContext.channel.isWritable, !isPausedBySession else { return }
            guard let slice = input.nextSlice() else { break }
            give(slice)
            guard !input.isEmpty, !session.takesContent else { continue }
            return workOffLater()
        }
        input.clear()
        if input.reachedEnd() { handle(.inputClosed) }
        readOn()
    }

    private func workOffLater() {
        guard !worksLater, let channelContext else { return }
        worksLater = true
        channelContext.eventLoop.assumeIsolated().execute { [self] in
            worksLater = false
            workOff()
            transaction?.flush()
        }
    }

    private func give(_ bytes: ByteBuffer) {
        let before = (session.linesRead, session.contentOctetsRead)
        handle(.bytes(bytes))
        // An octet now and then is no activity: a whole line is, and content.
        if before != (session.linesRead, session.contentOctetsRead) { lastActivity = .now() }
        pace.note(contentOctets: session.contentOctetsRead)
        readContentAtOnce(session.takesContent)
    }

    /// Commands are read once in a turn of the loop, content a few times: an ordinary message then reaches the core in one piece, and wakes it
    /// once. Each read wakes both processes otherwise.
    private func readContentAtOnce(_ takesContent: Bool) {
        guard takesContent != readsContent, let options = channelContext?.channel.syncOptions else { return }
        readsContent = takesContent
        let reads: UInt = takesContent ? Self.contentReadsInATurn : 1
        do {
            try options.setOption(.maxMessagesPerRead, value: reads)
        } catch {
            // The channel is closed, and nothing is read any more.
        }
    }

    private static let contentReadsInATurn: UInt = 4

    public func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        transaction?.flush()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        handle(.disconnected)
        ended()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            isInputClosed = true
            if isClosing {
                context.close(promise: nil)
            } else if !input.end() {
                handle(.inputClosed)
            }
        case TLSEvent.handshakeCompleted(let handshake): secured(handshake)
        default: break
        }
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError {
            self.context.note(.tlsFailed("\(error)", client.address))
            handle(.handshakeFailed)
        }
        context.close(promise: nil)
    }

    private func ended() {
        idleTimer?.cancel()
        idleTimer = nil
        giveUpTransaction(Self.connectionEnded)
        if isContentRefusalDue {
            isContentRefusalDue = false
            context.note(.givenUp(lastEnvelope, client.address, "the connection ended before the reply that refuses its content"))
        }
        forgetLogin()
    }

    // MARK: The session

    private func handle(_ event: SMTPServerEvent) {
        guard channelContext != nil else { return }
        if isHandling { return waitingEvents.append(event) }
        isHandling = true
        handleAtOnce(event)
        // An action may bring an answer at once: its reply goes out after those of the actions before it.
        while !waitingEvents.isEmpty { handleAtOnce(waitingEvents.removeFirst()) }
        isHandling = false
        if !isReading { transaction?.flush() }
    }

    private func handleAtOnce(_ event: SMTPServerEvent) {
        if let logins = context.logins { session.mechanismsOff = logins.mechanismsOff }
        session.receive(event, actions: &actions)
        for action in actions { perform(action) }
        actions.removeAll(keepingCapacity: true)
    }

    private func perform(_ action: SMTPServerAction) {
        guard let channelContext else { return }
        switch action {
        case .send(let bytes): channelContext.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .transactionBegan(let sender):
            self.sender = sender
            (lastEnvelope, isContentRefusalDue) = (LoggedEnvelope(reversePath: sender.reversePath), false)
            pace.began(at: .now())
        case .askRecipient(let recipient):
            if let transaction = beginIfNeeded() {
                transaction.ask(recipient)
            } else {
                answeredOurselves(OpenTransactions.refusal, loggedEnvelope.naming(recipient.address))
                handle(.recipientAnswered(OpenTransactions.refusal))
            }
        case .contentBegan: beginContent()
        case .content(let bytes): take(bytes)
        case .contentEnded(_, let has8BitOctets): endContent(has8BitOctets: has8BitOctets)
        case .transactionAborted(.byClient):
            giveUpTransaction("the client gave it up")
            filter = nil
        case .transactionAborted(.connectionLost):
            giveUpTransaction(Self.connectionEnded)
            filter = nil
        case .transactionAborted(.refused):
            isContentRefusalDue = transaction?.hasContentBegun == true
            giveUpTransaction(nil)
            filter = nil
        case .startTLS:
            startTLS()
            // What has been read already came in clear: it must not be taken for what comes over TLS (CVE-2011-0411).
            if !input.isEmpty {
                let plaintext = input.waiting
                input.clear()
                handle(.bytes(plaintext))
            }
        case .refused(let refusal): refused(refusal)
        case .plaintextDropped(let octets): context.note(.plaintextDropped(octets: octets, client.address))
        case .authenticate(let mechanism, let initialResponse): authenticate(mechanism, initialResponse)
        case .authenticationResponse(let message): login?.respond(message)
        case .authenticationCancelled:
            login?.cancel()
            login = nil
        case .pauseReading: isPausedBySession = true
        case .resumeReading:
            isPausedBySession = false
            workOffLater()
            readOn()
        case .close: close()
        }
    }

    private func close() {
        guard !isClosing, let channelContext else { return }
        isClosing = true
        idleTimer?.cancel()
        // What was sent before goes out first; what still comes in is taken and not looked at, for a moment: closing over it would reset
        // the connection, and the reset could overtake the reply.
        (isPausedBySession, isPausedByCore) = (false, false)
        if isInputClosed { return channelContext.close(promise: nil) }
        channelContext.close(mode: .output, promise: nil)
        channelContext.eventLoop.assumeIsolated().scheduleTask(in: Self.linger) { [weak self] in
            self?.channelContext?.close(promise: nil)
        }
        readOn()
    }

    private static let connectionEnded = "the connection ended"

    /// How long the client has to hear the last reply.
    private static let linger = TimeAmount.seconds(2)

    /// The transaction ends without a message of ours.
    ///
    /// - Parameter why: nil where a refusal says it.
    private func giveUpTransaction(_ why: String?) {
        guard let ended = transaction else { return }
        lastEnvelope = LoggedEnvelope(of: ended)
        transaction = nil
        context.openTransactions.ended(ended.place)
        ended.abort()
        if let why, ended.hasContentBegun { context.note(.givenUp(lastEnvelope, client.address, why)) }
        coreTakesMore()
    }

    private func beginIfNeeded() -> SubmitTransaction? {
        if let transaction { return transaction }
        guard let sender else { return nil }
        let place = context.openTransactions.began(from: client.address) { [weak self] in
            self?.handle(.refuse(OpenTransactions.idleLongest, by: nil))
        }
        guard let place else { return nil }
        let transaction = SubmitTransaction(
            pool: context.pool, place: place,
            facts: SessionFacts(
                virtualServer: context.virtualServer, clientAddress: client.address, confirmedHostName: client.reverseLookup.confirmedName,
                helo: session.greeting?.name),
            sender: sender, token: token, answer: { [weak self] in self?.answered($0) }, writable: { [weak self] in self?.coreTakesMore() })
        self.transaction = transaction
        return transaction
    }

    private func answered(_ answer: SubmitTransaction.Answer) {
        switch answer {
        case .recipient(let reply, let address, let author):
            if author == .frontEnd { answeredOurselves(reply, loggedEnvelope.naming(address)) }
            if reply.isPositive { progressed() }
            handle(.recipientAnswered(reply))
        case .content(let reply, let author):
            if let ended = transaction {
                context.openTransactions.ended(ended.place)
                lastEnvelope = LoggedEnvelope(of: ended)
            }
            transaction = nil
            if author == .frontEnd { answeredOurselves(reply, lastEnvelope) }
            if reply.isPositive { onProgress() }
            coreTakesMore()
            handle(.contentAnswered(reply))
        }
    }

    private func beginContent() {
        guard let transaction else { return }
        let queueID = transaction.queueID ?? QueueID(value: 0)
        filter =
            context.submission == nil
            ? HeaderFilter(relayed: IncomingHeaderFilter(host: context.hostname))
            : HeaderFilter(submitted: SubmittedHeaderFilter(host: context.hostname, queueID: queueID, date: .now()))
        var trace = ByteBuffer()
        let recipients = transaction.acceptedRecipients
        let isExtended = if case .ehlo = session.greeting { true } else { false }
        ReceivedField(
            helo: session.greeting?.name, clientAddress: showsClient ? client.address : nil, reverseLookup: client.reverseLookup,
            host: context.hostname,
            transmission: TransmissionProtocol(
                isExtended: isExtended, isSecure: secureChannel != nil, isAuthenticated: token != nil, isUTF8: sender?.smtpUTF8 ?? false),
            queueID: queueID, recipient: recipients.count == 1 ? recipients[0] : nil, date: .now(),
            secureChannel: secureChannel
        ).write(into: &trace)
        if showsClient {
            AuthenticationResultsField(
                host: context.hostname, clientAddress: client.address, reverseLookup: client.reverseLookup, helo: session.greeting?.name
            )?.write(into: &trace)
        }
        transaction.send(trace)
    }

    private var showsClient: Bool { context.submission?.hidesClientAddress != true }

    private func take(_ bytes: ByteBuffer) {
        guard let transaction else { return }
        progressed()
        filter?.process(bytes, into: &filtered)
        sendFiltered(to: transaction)
        if !transaction.isWritable { isPausedByCore = true }
    }

    private func progressed() {
        if let transaction { context.openTransactions.progressed(transaction.place) }
        onProgress()
    }

    private func sendFiltered(to transaction: SubmitTransaction) {
        for piece in filtered { transaction.send(piece) }
        filtered.removeAll(keepingCapacity: true)
    }

    private func endContent(has8BitOctets: Bool) {
        guard let transaction, var filter else { return }
        filter.finish(into: &filtered)
        sendFiltered(to: transaction)
        self.filter = nil
        // As many as there are here already, and ours would be one more (E10).
        guard filter.receivedCount < context.maximumHops else {
            giveUpTransaction(nil)
            let reply = context.settings.coded(
                Reply(554, "5.4.6", "Too many hops: the message has passed \(filter.receivedCount) hosts, and goes round in a loop"),
                by: .hops)
            refused(ServerRefusal(reply, by: .hops, sender: sender, isOfTransaction: true))
            return handle(.contentAnswered(reply))
        }
        transaction.commit(has8BitOctets: has8BitOctets)
    }

    private func coreTakesMore() {
        isPausedByCore = false
        readOn()
    }

    /// Reads what was asked for, where nothing stands against it any more.
    private func readOn() {
        guard wantsRead, let channelContext, mayRead(channelContext.channel) else { return }
        wantsRead = false
        channelContext.read()
    }

    /// A client that does not read its replies is not read either, nor one whose last words are still being worked on: nothing that it
    /// causes gathers here.
    private func mayRead(_ channel: any Channel) -> Bool {
        !isPausedBySession && !isPausedByCore && channel.isWritable && input.isEmpty
    }

    // MARK: TLS

    private func startTLS() {
        guard let channelContext, let transport = context.transport else { return handle(.handshakeFailed) }
        do {
            // What was sent before is in the socket's queue already, in clear; what is sent from now on goes through TLS.
            try channelContext.pipeline.syncOperations.addHandler(TLSHandler(server: transport.value), position: .first)
            onStartTLS?()
        } catch {
            context.note(.tlsFailed("\(error)", client.address))
            handle(.handshakeFailed)
        }
    }

    private func secured(_ handshake: TLSHandshake) {
        // Nothing of what was said before counts any more (RFC 3207 §4.2).
        forgetLogin()
        secureChannel = handshake.channel
        context.note(.secured(handshake, client.address))
        onProgress()
        handle(.secured(handshake.channel))
    }

    // MARK: AUTH

    private func authenticate(_ mechanism: SASLMechanism, _ initialResponse: [UInt8]?) {
        guard let logins = context.logins else { return loginAnswered(.failed(LoginExchange.unavailable, isOwn: true)) }
        let facts = LoginFacts(
            virtualServer: context.virtualServer, clientAddress: client.address, isSecure: secureChannel != nil)
        login = logins.begin(facts, mechanism, initialResponse: initialResponse) { [weak self] in self?.loginAnswered($0) }
    }

    private func loginAnswered(_ answer: LoginExchange.Answer) {
        switch answer {
        case .challenge(let message): handle(.authenticationChallenge(message))
        case .succeeded(let token, let account):
            login = nil
            self.token = token
            onProgress()
            handle(.authenticated(SessionIdentity(account: "\(account)"), finalData: nil))
        case .failed(let reply, let isOwn):
            login = nil
            if isOwn { answeredOurselves(reply, LoggedEnvelope()) }
            handle(.authenticationFailed(reply))
        }
    }

    private func forgetLogin() {
        login?.cancel()
        login = nil
        if let token { context.pool.forget(token) }
        token = nil
    }

    // MARK: S02

    private func armIdleTimer() {
        guard let channelContext else { return }
        let end = lastActivity + context.idleTimeout
        idleTimer = channelContext.eventLoop.assumeIsolated().scheduleTask(deadline: end) { [weak self] in
            guard let self, !isClosing else { return }
            // Waiting for the core is not the client's idleness.
            if !session.isWaitingForClient { lastActivity = .now() }
            if lastActivity + context.idleTimeout <= .now() {
                handle(.timedOut)
            } else {
                if pace.isTooSlow(at: .now()) { handle(.tooSlow) }
                armIdleTimer()
            }
        }
    }
}
