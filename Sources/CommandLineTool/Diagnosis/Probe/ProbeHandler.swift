import NIOCore
import SMTPProtocol
import ServiceRuntime
import TransportSecurity

/// Turns what a server sends into replies that somebody waits for, one at a time.
///
/// Confined to the channel's event loop. A server that talks without being asked is cut off at ``maximumWaiting`` replies.
final class ProbeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Event: Sendable {
        case reply(RemoteReply)
        case secured(TLSHandshake)
    }

    static let maximumWaiting = 8

    private var parser = ReplyParser()
    private var events: [Event] = []
    private var failure: ProbeFailure?
    private var waiting: EventLoopPromise<Event>?
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.closed)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        parser.append(unwrapInboundIn(data))
        do throws(ReplyParser.Failure) {
            while let reply = try parser.next() {
                guard events.count < Self.maximumWaiting else { return fail(.malformed("(more replies than commands)")) }
                happened(.reply(reply))
            }
        } catch { fail(.malformed(error.text)) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let handshake)? = event as? TLSEvent { happened(.secured(handshake)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case TLSError.closedDuringHandshake: fail(.tls("the connection ended in the middle of the handshake"))
        case TLSError.handshakeFailed(let reason): fail(.tls(reason))
        case let error as TLSError: fail(.tls("\(error)"))
        case let error as IOError: fail(.unreachable(SystemReason.text(ofErrorNumber: error.errnoCode)))
        default: fail(.closed)
        }
    }

    /// The next thing that happens; fails with `ProbeFailure`.
    func next(within duration: Duration) -> EventLoopFuture<Event> {
        guard let context else { return eventLoop.makeFailedFuture(failure ?? ProbeFailure.closed) }
        if !events.isEmpty { return context.eventLoop.makeSucceededFuture(events.removeFirst()) }
        if let failure { return context.eventLoop.makeFailedFuture(failure) }
        let promise = context.eventLoop.makePromise(of: Event.self)
        waiting = promise
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { self.fail(.silent(after: duration)) }
        promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    /// Writes a line.
    func send(_ line: String) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: line + "\r\n")), promise: nil)
    }

    /// Begins TLS. What was sent in clear behind the reply to STARTTLS could have come from anybody (RFC 3207 §4.2).
    func startTLS(_ handler: TLSHandler) throws {
        guard let context, failure == nil else { throw failure ?? .closed }
        guard parser.isEmpty, events.isEmpty else { throw ProbeFailure.malformed("(more than the reply to STARTTLS, in clear)") }
        try context.pipeline.syncOperations.addHandler(handler, position: .first)
    }

    private func happened(_ event: Event) {
        guard let promise = waiting else { return events.append(event) }
        waiting = nil
        promise.succeed(event)
    }

    private func fail(_ reason: ProbeFailure) {
        if failure == nil { failure = reason }
        waiting?.fail(failure ?? reason)
        waiting = nil
    }
}
