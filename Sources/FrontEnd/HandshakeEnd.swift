import NIOCore
import TransportSecurity

/// Says once that a handshake is over, in whatever way.
final class HandshakeEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var onEnd: (() -> Void)?

    init(onEnd: @escaping () -> Void) { self.onEnd = onEnd }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case TLSEvent.handshakeCompleted = event { end(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        onEnd?()
        onEnd = nil
    }

    private func end(_ context: ChannelHandlerContext) {
        onEnd?()
        onEnd = nil
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
