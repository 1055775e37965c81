import NIOCore

/// Holds a connection until its checks are done: what the client says meanwhile waits in the kernel, but for one read.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var onActive: ((ConnectionGate) -> Void)?
    private var context: ChannelHandlerContext?
    private var early: ByteBuffer?
    private var wantsRead = false
    private var isInputClosed = false

    /// - Parameter onActive: called once, when the connection stands.
    init(onActive: @escaping (ConnectionGate) -> Void) { self.onActive = onActive }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        onActive = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        let onActive = onActive
        self.onActive = nil
        onActive?(self)
    }

    func read(context: ChannelHandlerContext) {
        // One read, so that an early talker is seen, and a client that hangs up.
        if early == nil { context.read() } else { wantsRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if early == nil { early = bytes } else { early?.writeBuffer(&bytes) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { isInputClosed = true } else { context.fireUserInboundEventTriggered(event) }
    }

    /// The checks are done: what came early goes first, as it must be seen before the banner is said.
    func open(beforehand: () -> Void) {
        guard let context else { return }
        if let early {
            self.early = nil
            context.fireChannelRead(wrapInboundOut(early))
            context.fireChannelReadComplete()
        }
        beforehand()
        if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        let (pipeline, wantsRead) = (context.pipeline, wantsRead)
        pipeline.syncOperations.removeHandler(context: context, promise: nil)
        if wantsRead { pipeline.read() }
    }
}
