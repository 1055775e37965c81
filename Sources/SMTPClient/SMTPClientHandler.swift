import MailVocabulary
import NIOCore
import SMTPProtocol
import TransportSecurity

/// Turns bytes and time into events of the session, and its actions into writes and promises.
///
/// Confined to the channel's event loop. Writes of one event go out with one flush.
final class SMTPClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How many pieces of content are given before other connections of the loop get their turn.
    private static let piecesPerTurn = 16

    private(set) var session: SMTPClientSession
    /// What protects the connection; nil in clear.
    private(set) var security: ConnectionSecurity?
    /// Succeeds when the session is ready, fails with `SMTPConnectFailure`.
    var ready: EventLoopFuture<Void> { readyPromise.futureResult }

    private let settings: SMTPClientSettings
    /// Tells servers apart whose TLS sessions are remembered.
    private let endpoint: String
    private var login: (any ClientLoginExchange)?
    private let eventLoop: any EventLoop
    private let readyPromise: EventLoopPromise<Void>
    private var isSettled = false
    private var context: ChannelHandlerContext?
    private var timer: InactivityTimer
    /// When the set-up, or the transaction under way, has taken too long, however lively the server is.
    private var overallDeadline = NIODeadline.distantFuture
    private var transfer: ContentTransfer?
    private var resultPromise: EventLoopPromise<DeliveryResult>?
    private var needsFlush = false
    /// Nobody has a use for the connection any more.
    private var isQuitting = false

    init(settings: SMTPClientSettings, endpoint: String, eventLoop: any EventLoop) {
        session = SMTPClientSession(settings: settings.session)
        (self.settings, self.endpoint) = (settings, endpoint)
        self.eventLoop = eventLoop
        readyPromise = eventLoop.makePromise()
        timer = InactivityTimer(eventLoop: eventLoop)
    }

    var isReusable: Bool {
        eventLoop.preconditionInEventLoop()
        return session.isReady && resultPromise == nil
    }

    func deliver(_ message: OutgoingMessage, content: OutgoingContent) -> EventLoopFuture<DeliveryResult> {
        eventLoop.preconditionInEventLoop()
        precondition(resultPromise == nil, "one delivery at a time")
        let promise = eventLoop.makePromise(of: DeliveryResult.self)
        resultPromise = promise
        transfer = ContentTransfer(content)
        overallDeadline = .now() + TimeAmount(settings.timeouts.limit(forTransactionOf: message.size))
        handle(.begin(message))
        return promise.futureResult
    }

    func quit() {
        eventLoop.preconditionInEventLoop()
        isQuitting = true
        handle(.quit)
        closeAfterQuit()
    }

    private func closeAfterQuit() {
        if isQuitting, session.waitPhase == .quit { handle(.closed) }
    }

    func closeNow() {
        eventLoop.preconditionInEventLoop()
        handle(.closed)
    }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { beginSetUp() }
    }

    func channelActive(context: ChannelHandlerContext) {
        beginSetUp()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { handle(.received(unwrapInboundIn(data)), flushes: false) }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushIfNeeded()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if session.waitPhase == .contentBlock { touch() }
            giveContent()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        handle(.closed)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // Also where the channel never became active, or was closed by a failed initializer.
        handle(.closed)
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let handshake)? = event as? TLSEvent else { return context.fireUserInboundEventTriggered(event) }
        security = ConnectionSecurity(handshake)
        handle(.secured)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if security == nil || session.waitPhase == .securedHello, let error = error as? TLSError, let tls = settings.tls {
            return handle(.handshakeFailed(error.reason(to: tls.peer)))
        }
        // Reset by the remote server, most of the time; what the session was waiting for decides what it means.
        handle(.closed)
    }

    // MARK: - Session

    private func handle(_ event: SMTPClientSession.Event, flushes: Bool = true) {
        let replies = session.replyCount
        let actions = session.receive(event)
        // Octets of an unfinished reply are no progress: the limits of RFC 5321 §4.5.3.2 are for whole replies.
        if !actions.isEmpty || session.replyCount != replies { touch() }
        perform(actions, flushes: flushes)
    }

    private func perform(_ actions: [SMTPClientSession.Action], flushes: Bool) {
        var result: DeliveryResult?
        for action in actions {
            switch action {
            case .write(let bytes): write(bytes)
            case .startTLS: startTLS()
            case .authenticate(let mechanisms): beginLogin(mechanisms)
            case .authenticationChallenge(let challenge): answerLogin(challenge)
            case .authenticated:
                guard let objection = login?.objection() else { break }
                // Whoever accepts a login without proof may be anybody who wants the mail.
                settle(.failure(.session(.authenticationAbandoned(objection.reason))))
                return handle(.closed)
            case .ready:
                endOverallDeadline()
                settle(.success(()))
            case .failed(let failure): settle(.failure(.session(failure)))
            case .sendContent:
                transfer?.state = .sending
                giveContent()
            case .finished(let value): result = value
            case .close:
                flushIfNeeded()
                timer.cancel()
                context?.close(promise: nil)
            }
        }
        if flushes { flushIfNeeded() }
        closeAfterQuit()
        if let result {
            endOverallDeadline()
            let promise = resultPromise
            // Whoever hears of the result may begin the next delivery at once.
            (resultPromise, transfer) = (nil, nil)
            promise?.succeed(result)
        }
    }

    private func settle(_ result: Result<Void, SMTPConnectFailure>) {
        guard !isSettled else { return }
        isSettled = true
        switch result {
        case .success: readyPromise.succeed(())
        case .failure(let failure): readyPromise.fail(failure)
        }
    }

    private func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        needsFlush = true
        guard bytes.readableBytes >= ContentTransfer.pieceSize else { return context.write(wrapOutboundOut(bytes), promise: nil) }
        // Only large pieces tell when they are gone: smaller ones show in the channel's writability.
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] in
            guard let self, self.session.waitPhase == .contentBlock || self.session.waitPhase == .contentEnd else { return }
            self.touch()
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    private func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    // MARK: - TLS and login

    private func startTLS() {
        guard let context, let tls = settings.tls else { return handle(.handshakeFailed("no TLS is set up")) }
        flushIfNeeded()
        do {
            let handler = try TLSHandler(
                client: tls.context, peer: tls.peer, endpoint: endpoint,
                handshakeTimeout: TimeAmount(settings.timeouts.limit(for: .handshake)))
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            handle(.handshakeFailed((error as? TLSError)?.reason(to: tls.peer) ?? "\(error)"))
        }
    }

    private func beginLogin(_ mechanisms: [String]) {
        guard let login = settings.login else { return handle(.authenticationAbandoned("nobody is set up to log in")) }
        let beginning = login.begin(mechanisms: mechanisms, isEncrypted: session.isSecured, on: eventLoop)
        beginning.assumeIsolated().whenComplete { [weak self] result in
            // The session ignores what comes too late for it.
            switch result {
            case .success(let beginning):
                self?.login = beginning.exchange
                self?.handle(.authenticationStart(mechanism: beginning.mechanism, initialResponse: beginning.initialResponse))
            case .failure(let error): self?.handle(.authenticationAbandoned(Self.reason(of: error)))
            }
        }
    }

    private func answerLogin(_ challenge: [UInt8]) {
        guard let login else { return handle(.authenticationAbandoned("no exchange is under way")) }
        login.respond(to: challenge, on: eventLoop).assumeIsolated().whenComplete { [weak self] result in
            switch result {
            case .success(let response): self?.handle(.authenticationResponse(response))
            case .failure(let error): self?.handle(.authenticationAbandoned(Self.reason(of: error)))
            }
        }
    }

    private static func reason(of error: any Error) -> String { (error as? ClientLoginFailure)?.reason ?? "\(error)" }

    // MARK: - Content

    /// Gives content for as long as the channel takes it.
    private func giveContent() {
        guard let transfer, !transfer.isPumping else { return }
        transfer.isPumping = true
        defer { transfer.isPumping = false }
        var pieces = 0
        while transfer === self.transfer, transfer.state == .sending {
            guard let channel = context?.channel else { return }
            guard channel.isWritable else {
                flushIfNeeded()
                // The socket may have taken it all at once.
                if channel.isWritable { continue } else { return }
            }
            if pieces == Self.piecesPerTurn {
                flushIfNeeded()
                return eventLoop.assumeIsolated().execute { [weak self] in self?.giveContent() }
            }
            pieces += 1
            giveNext(transfer)
        }
        flushIfNeeded()
    }

    private func giveNext(_ transfer: ContentTransfer) {
        if let piece = transfer.nextPiece() {
            handle(.content(piece), flushes: false)
            return
        }
        guard let source = transfer.source else { return end(transfer) }
        transfer.state = .awaitingChunk
        let answer = source.nextChunk()
        precondition(answer.eventLoop === eventLoop, "a content source answers on the connection's event loop")
        answer.assumeIsolated().whenComplete { [weak self] answer in
            // The transaction may be over by now.
            guard let self, transfer === self.transfer, transfer.state == .awaitingChunk else { return }
            self.touch()
            switch answer {
            case .success(let chunk?):
                transfer.atHand = chunk
                transfer.state = .sending
            case .success(nil): self.end(transfer)
            case .failure(let error):
                transfer.state = .ended
                self.handle(.contentFailed("the content could not be read: \(error)"))
            }
            self.giveContent()
        }
    }

    private func end(_ transfer: ContentTransfer) {
        transfer.state = .ended
        handle(.contentEnded)
    }

    // MARK: - Time

    private func beginSetUp() {
        if overallDeadline == .distantFuture { overallDeadline = .now() + TimeAmount(settings.timeouts.setUp) }
        touch()
    }

    /// Set-up or transaction are over: only what is waited for next has a limit now.
    private func endOverallDeadline() {
        overallDeadline = .distantFuture
        touch()
    }

    /// Something moved: the time for what is waited for now begins again, within that for the whole.
    private func touch() {
        guard session.isOpen else { return timer.cancel() }
        let deadline = NIODeadline.now() + TimeAmount(settings.timeouts.limit(for: session.waitPhase))
        timer.move(to: min(deadline, overallDeadline), wake: { [weak self] in self?.wake() })
    }

    private func wake() {
        guard timer.fire(at: .now()) else { return timer.plan(wake: { [weak self] in self?.wake() }) }
        if transfer?.state == .awaitingChunk, session.waitPhase == .contentBlock {
            handle(.contentFailed("no content arrived from our own side in time"))
        } else if NIODeadline.now() >= overallDeadline {
            handle(.tookTooLong)
        } else {
            handle(.timedOut)
        }
        // A goodbye that went out has a limit of its own.
        touch()
    }
}
