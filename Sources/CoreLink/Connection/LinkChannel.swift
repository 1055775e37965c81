import NIOCore

/// One end of an open connection: frames in, frames out, on one event loop.
///
/// What is sent is gathered and leaves with `flush()`, or at the end of the read that caused it, so that one turn of the loop costs
/// one system call. Not Sendable: every member is used on `eventLoop` only.
///
/// The connection holds what its callbacks capture until it has ended, and lets go of it then; a callback set later is not kept.
public final class LinkChannel<Inbound: LinkMessage, Outbound: LinkMessage>: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = Never
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    public let eventLoop: any EventLoop
    /// Called for each message of the peer.
    public var onMessage: (Inbound) -> Void = { _ in } {
        didSet { if hasEnded { onMessage = { _ in } } }
    }
    /// Called once, when the connection has ended for whatever reason.
    public var onClosed: (LinkError) -> Void = { _ in } {
        didSet { if hasEnded { onClosed = { _ in } } }
    }
    /// Called when the socket takes data again after `isWritable` was false.
    public var onWritable: () -> Void = {} {
        didSet { if hasEnded { onWritable = {} } }
    }

    /// Takes no frame while the peer leaves the answers to earlier ones in the socket, so that a peer that only asks and never
    /// reads fills no memory. For the core's end; a holder or front end goes on reading, and the two never wait for each other.
    var waitsForReader = false

    /// Handles the first frame; throws to refuse the peer.
    private var negotiate: ((UInt8, ByteBuffer) throws(LinkError) -> Void)?
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var pending = ByteBuffer()
    private var isReading = false
    private var isTaking = false
    private var isPaused = false
    private var wantsRead = false
    private var failure: LinkError?
    private var hasEnded = false

    private let maximumInbound = Frame.maximumLength(of: Inbound.self)
    private let maximumOutbound = Frame.maximumLength(of: Outbound.self)
    /// What is gathered before it leaves without a `flush()`, in octets.
    private static var gatheredAtMost: Int { 64 * 1024 }

    init(eventLoop: any EventLoop, negotiate: @escaping (UInt8, ByteBuffer) throws(LinkError) -> Void) {
        (self.eventLoop, self.negotiate) = (eventLoop, negotiate)
    }

    func setNegotiation(_ negotiate: @escaping (UInt8, ByteBuffer) throws(LinkError) -> Void) { self.negotiate = negotiate }

    public var isOpen: Bool { context != nil && !hasEnded && failure == nil }
    public var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Octets that were read and are not taken yet; bounded by one frame and one read.
    var unreadOctets: Int { received.readableBytes }
    /// Octets that the buffer for those has reserved.
    var unreadCapacity: Int { received.capacity }

    /// Queues a message; it leaves with the next `flush()`, at the end of the read, or when enough has gathered. Dropped where the
    /// connection has ended.
    ///
    /// A message longer than its frame may be ends the connection, as the peer would.
    public func send(_ message: Outbound) {
        guard !hasEnded, failure == nil else { return }
        let before = pending.readableBytes
        message.write(into: &pending)
        let length = pending.readableBytes - before - 4
        if length > maximumOutbound {
            pending.moveWriterIndex(to: pending.writerIndex - length - 4)
            // Later, because the sender does not expect to lose its connection in the middle of sending.
            eventLoop.assumeIsolated().execute { [weak self] in self?.fail(.malformed(.frameLength(length))) }
        } else if pending.readableBytes >= Self.gatheredAtMost {
            flush()
        }
    }

    func sendFirst(_ message: some LinkMessage) {
        message.write(into: &pending)
        flush()
    }

    /// Sends frames that are encoded already, without a copy of them.
    func sendEncoded(_ frames: ByteBuffer) {
        flush()
        guard let context, !hasEnded else { return }
        context.writeAndFlush(wrapOutboundOut(frames), promise: nil)
    }

    public func flush() {
        guard let context, pending.readableBytes > 0, !hasEnded else { return }
        let bytes = pending
        pending = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Stops taking frames; the peer is slowed by the socket's buffer. Frames that were already read are kept, at most one read's.
    public func pauseReading() { isPaused = true }

    public func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        goOn()
    }

    /// Sends what the socket takes of what is queued, then ends the connection.
    public func close() {
        flush()
        context?.close(promise: nil)
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // It failed before there was a channel to close.
        if failure != nil { context.close(promise: nil) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        ended(failure ?? .closed)
        self.context = nil
    }

    public func read(context: ChannelHandlerContext) {
        if isHeldBack { wantsRead = true } else { context.read() }
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 {
            received = bytes
        } else {
            // What is left is a partial frame, or what came in the read that was paused; what was taken before must not pile up.
            received.discardReadBytes()
            received.writeBuffer(&bytes)
        }
        isReading = true
        takeFrames()
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush()
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        onWritable()
        if waitsForReader { goOn() } else if !isReading { flush() }
    }

    public func channelInactive(context: ChannelHandlerContext) { ended(failure ?? .closed) }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(failure ?? .unreachable(LinkError.reason(error))) }

    private var isHeldBack: Bool { isPaused || (waitsForReader && !isWritable) }

    /// Whatever held reading back may be over: takes what was read, and reads on.
    private func goOn() {
        if received.readableBytes > 0 { takeFrames() }
        if !isHeldBack, wantsRead, let context {
            wantsRead = false
            context.read()
        }
        if !isReading { flush() }
    }

    private func takeFrames() {
        // `onMessage` may resume or write: the loop below goes on by itself.
        guard !isTaking else { return }
        isTaking = true
        defer { isTaking = false }
        do throws(LinkError) {
            while !isHeldBack, !hasEnded, failure == nil, let (kind, body) = try nextFrame() {
                if let negotiate {
                    self.negotiate = nil
                    try negotiate(kind, body)
                } else {
                    let message: Inbound
                    do { message = try Inbound.read(kind: kind, body: body) } catch { throw LinkError.malformed(error) }
                    onMessage(message)
                }
            }
        } catch {
            fail(error)
        }
        if received.readableBytes == 0 { received = ByteBuffer() }
    }

    private func nextFrame() throws(LinkError) -> (kind: UInt8, body: ByteBuffer)? {
        // The first frame is a hello or a greeting: never long, whatever the role's may be.
        let maximum = negotiate == nil ? maximumInbound : Frame.maximumHello
        do { return try Frame.next(from: &received, maximumLength: maximum) } catch { throw .malformed(error) }
    }

    func fail(_ error: LinkError) {
        guard !hasEnded else { return }
        if failure == nil { failure = error }
        context?.close(promise: nil)
    }

    private func ended(_ error: LinkError) {
        guard !hasEnded else { return }
        hasEnded = true
        received = ByteBuffer()
        pending = ByteBuffer()
        let handler = onClosed
        (onMessage, onClosed, onWritable, negotiate) = ({ _ in }, { _ in }, {}, nil)
        handler(error)
    }
}
