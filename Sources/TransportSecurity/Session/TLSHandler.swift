import NIOCore

/// TLS in a channel: what is behind it in the pipeline sees plaintext, what is before it sees records.
///
/// Put it first for TLS from the first octet, or add it in front of the handlers of a connection that has said `STARTTLS`. It begins when
/// it is added, or when the channel becomes active; it does not see what was read before, and whoever adds it must have thrown that away
/// (RFC 3207 §4.2). `TLSEvent` tells when the handshake is done, `errorCaught` with a `TLSError` why it will not be; then the connection
/// is closed.
///
/// Writes behave as without it: they count in the channel's writability as soon as they fill a record, and smaller ones wait for the
/// flush, so that many lines become one record. Before the handshake is done at most ``maximumEarlyOctets`` wait.
///
/// `close(mode: .output)` says `close_notify` and then ends the connection's output; what still comes in is read. The other side's
/// `close_notify` is `ChannelEvent.inputClosed` where the channel has half closure, and closes it where it has not.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    /// The most octets that may be written before the handshake is done.
    public static let maximumEarlyOctets = 65_536
    /// The content of a record (RFC 8446 §5.1).
    static let recordSize = 16_384
    /// What a handshake may take where nothing else is said.
    public static let defaultHandshakeTimeout = TimeAmount.seconds(30)

    private enum State: Equatable {
        case waiting
        case handshaking
        case established
        /// We have said `close_notify`.
        case outputClosed
        case failed
    }

    private let engine: TLSEngine
    private let handshakeTimeout: TimeAmount
    private var state = State.waiting
    private var queue = PlaintextQueue()
    private var deadline: Scheduled<Void>?
    private var isProcessing = false
    private var isInputClosed = false
    /// Somebody behind waits for octets, or for the channel to end.
    private var wantsRead = false
    /// A flush came before the handshake was done.
    private var wantsFlush = false
    /// The output shall be closed when the handshake is done and what was written before is out.
    private var closingPromises: [EventLoopPromise<Void>?] = []
    private var wantsOutputClose = false

    /// The server's side.
    ///
    /// - Throws: `.unavailable` where there is no memory.
    public convenience init(server context: ServerContext, handshakeTimeout: TimeAmount = defaultHandshakeTimeout) throws(TLSError) {
        try self.init(engine: TLSEngine(server: context), handshakeTimeout: handshakeTimeout)
    }

    /// The client's side: sends its hello at once.
    ///
    /// - Parameters: as `TLSEngine.init(client:peer:endpoint:)`.
    /// - Throws: `.unavailable` where there is no memory.
    public convenience init(
        client context: ClientContext, peer: PeerReference, endpoint: String? = nil,
        handshakeTimeout: TimeAmount = defaultHandshakeTimeout
    ) throws(TLSError) {
        try self.init(engine: TLSEngine(client: context, peer: peer, endpoint: endpoint), handshakeTimeout: handshakeTimeout)
    }

    /// With an engine that was made before.
    public init(engine: TLSEngine, handshakeTimeout: TimeAmount) { (self.engine, self.handshakeTimeout) = (engine, handshakeTimeout) }

    // MARK: Beginning and end

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    public func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .waiting else { return }
        state = .handshaking
        let limit = handshakeTimeout
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { [weak self] in
            guard let self, self.state == .handshaking else { return }
            self.fail(context, .handshakeTimedOut(after: limit))
        }
        process(context)
        // Whoever is behind may have stopped reading until TLS is there.
        if state == .handshaking { context.read() }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        end(with: ChannelError.ioOnClosedChannel)
        if state != .failed { state = .failed }
    }

    public func channelInactive(context: ChannelHandlerContext) {
        inputEnded(context)
        end(with: ChannelError.ioOnClosedChannel)
        state = .failed
        context.fireChannelInactive()
    }

    private func end(with error: any Error) {
        deadline?.cancel()
        deadline = nil
        let (_, promise) = queue.take()
        promise?.fail(error)
        let closing = closingPromises
        closingPromises = []
        for promise in closing { promise?.fail(error) }
    }

    /// Says what went wrong, and closes. An alert for the other side goes out first.
    private func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
        guard state != .failed else { return }
        state = .failed
        sendRecords(context, promise: nil)
        context.flush()
        end(with: error)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    // MARK: In

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .failed, !isInputClosed else { return }
        engine.receive(unwrapInboundIn(data))
        process(context)
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        readOn(context)
    }

    public func read(context: ChannelHandlerContext) {
        wantsRead = true
        context.read()
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        readOn(context)
    }

    /// Octets that were no application data yet satisfy nobody who asked for some. A peer that does not read what it causes us to
    /// send is not read either.
    private func readOn(_ context: ChannelHandlerContext) {
        switch state {
        case .handshaking: context.read()
        case .established, .outputClosed: if wantsRead, !isInputClosed, context.channel.isWritable { context.read() }
        case .waiting, .failed: break
        }
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
        // The other side's close_notify was the same news.
        if isInputClosed { return }
        inputEnded(context)
        if state != .failed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }

    /// The connection gives nothing more.
    private func inputEnded(_ context: ChannelHandlerContext) {
        guard !isInputClosed else { return }
        isInputClosed = true
        switch state {
        case .handshaking: fail(context, .closedDuringHandshake)
        case .established, .outputClosed: context.fireUserInboundEventTriggered(TLSEvent.inputTruncated)
        case .waiting, .failed: break
        }
    }

    /// Works off what has come in.
    private func process(_ context: ChannelHandlerContext) {
        // Octets that come while a handler behind is told of earlier ones are seen by the turn that is under way.
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        if state == .handshaking { goOnWithHandshake(context) }
        guard state == .established || state == .outputClosed else { return }
        while !isInputClosed, state != .failed, receive(context) {}
    }

    private func goOnWithHandshake(_ context: ChannelHandlerContext) {
        do throws(TLSError) {
            let handshake = try engine.handshake()
            sendRecords(context, promise: nil)
            context.flush()
            guard let handshake else { return }
            deadline?.cancel()
            deadline = nil
            state = .established
            context.fireUserInboundEventTriggered(TLSEvent.handshakeCompleted(handshake))
            guard state == .established else { return }
            if wantsFlush || queue.octets.readableBytes >= Self.recordSize { encryptQueue(context) }
            if wantsFlush { context.flush() }
            if wantsOutputClose { closeOutput(context) }
        } catch {
            fail(context, error)
        }
    }

    /// Reads what is there.
    ///
    /// - Returns: whether there may be more, which came in meanwhile.
    private func receive(_ context: ChannelHandlerContext) -> Bool {
        var plaintext = ByteBuffer()
        do throws(TLSError) {
            let end = try engine.read(into: &plaintext)
            let hasMore = deliver(context, plaintext)
            // Answers to what was no application data: new keys, for one.
            if sendRecords(context, promise: nil) { context.flush() }
            if end == .closeNotify {
                if state != .failed, !isInputClosed { closeNotifyReceived(context) }
                return false
            }
            return hasMore
        } catch {
            _ = deliver(context, plaintext)
            fail(context, error)
            return false
        }
    }

    private func deliver(_ context: ChannelHandlerContext, _ plaintext: ByteBuffer) -> Bool {
        guard plaintext.readableBytes > 0 else { return false }
        wantsRead = false
        context.fireChannelRead(wrapInboundOut(plaintext))
        return true
    }

    private func closeNotifyReceived(_ context: ChannelHandlerContext) {
        isInputClosed = true
        // A channel that does not know half closure ends with its input.
        let allowsHalfClosure = (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) ?? false
        if allowsHalfClosure {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            close(context: context, mode: .all, promise: nil)
        }
    }

    // MARK: Out

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let octets = unwrapOutboundIn(data)
        guard !wantsOutputClose, state != .outputClosed, state != .failed else {
            promise?.fail(state == .failed ? ChannelError.ioOnClosedChannel : TLSError.outputClosed)
            return
        }
        if state == .waiting || state == .handshaking,
            queue.octets.readableBytes + octets.readableBytes > Self.maximumEarlyOctets
        {
            let error = TLSError.tooMuchBeforeHandshake(limit: Self.maximumEarlyOctets)
            promise?.fail(error)
            return fail(context, error)
        }
        queue.append(octets, promise: promise)
        if state == .established, queue.octets.readableBytes >= Self.recordSize { encryptQueue(context) }
    }

    public func flush(context: ChannelHandlerContext) {
        switch state {
        case .waiting, .handshaking: wantsFlush = true
        case .established: encryptQueue(context)
        case .outputClosed, .failed: break
        }
        context.flush()
    }

    private func encryptQueue(_ context: ChannelHandlerContext) {
        guard state == .established, !queue.isEmpty else { return }
        let (octets, promise) = queue.take()
        do throws(TLSError) {
            try octets.withUnsafeReadableBytes { bytes throws(TLSError) in try engine.write(bytes) }
            if !sendRecords(context, promise: promise) { promise?.succeed(()) }
        } catch {
            promise?.fail(error)
            fail(context, error)
        }
    }

    @discardableResult
    private func sendRecords(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) -> Bool {
        guard let records = engine.takeOutput() else { return false }
        context.write(wrapOutboundOut(records), promise: promise)
        return true
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (mode, state) {
        case (.output, .waiting), (.output, .handshaking):
            wantsOutputClose = true
            closingPromises.append(promise)
        case (.output, .established):
            closingPromises.append(promise)
            closeOutput(context)
        case (.all, .established):
            sayCloseNotify(context)
            context.close(mode: .all, promise: promise)
        default: context.close(mode: mode, promise: promise)
        }
    }

    private func closeOutput(_ context: ChannelHandlerContext) {
        sayCloseNotify(context)
        let promises = closingPromises
        closingPromises = []
        let promise = context.eventLoop.makePromise(of: Void.self)
        for waiting in promises { if let waiting { promise.futureResult.cascade(to: waiting) } }
        context.close(mode: .output, promise: promise)
    }

    private func sayCloseNotify(_ context: ChannelHandlerContext) {
        encryptQueue(context)
        guard state == .established else { return }
        engine.closeOutput()
        state = .outputClosed
        sendRecords(context, promise: nil)
        context.flush()
    }
}
