import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Stops a listener from accepting for a moment where the process or the system has run out of descriptors or memory, and says so.
///
/// Without this the event loop would try again at once, and for ever: the client waits in the backlog, so the socket stays readable,
/// and NIO's own pause holds back reads that are asked for, not the one that stands already.
public final class AcceptPause: ChannelInboundHandler {
    public typealias InboundIn = Any
    public typealias InboundOut = Any

    private let length: TimeAmount
    private let log: (String) -> Void
    private var resumption: Scheduled<Void>?
    private var lastSaid: NIODeadline?
    /// A listener without descriptors meets the same error with every client that waits.
    private static let silence = TimeAmount.seconds(60)

    /// - Parameters:
    ///   - length: of the pause. Clients wait in the kernel's backlog meanwhile.
    ///   - log: told why, at most once a minute.
    public init(length: TimeAmount = .milliseconds(500), log: @escaping (String) -> Void) { (self.length, self.log) = (length, log) }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        say("no connection can be accepted now: \(String(cString: strerror(error.errnoCode)))")
        guard resumption == nil else { return }
        setAutoRead(false, context)
        resumption = context.eventLoop.assumeIsolated().scheduleTask(in: length) { [self] in
            resumption = nil
            setAutoRead(true, context)
        }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        resumption?.cancel()
        resumption = nil
    }

    private func setAutoRead(_ value: Bool, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        // It fails only for a channel that is closed.
        try? context.channel.syncOptions?.setOption(.autoRead, value: value)
    }

    private func say(_ reason: String) {
        if let lastSaid, .now() - lastSaid < Self.silence { return }
        lastSaid = .now()
        log(reason)
    }
}
