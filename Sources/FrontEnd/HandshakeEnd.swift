import NIOCore
import TransportSecurity

/// The connections whose TLS handshake is under way, the oldest first: slow ones do not keep others out. Confined to its event loop.
struct PendingHandshakes {
    private var channels: [(id: ObjectIdentifier, channel: any Channel)] = []

    var count: Int { channels.count }

    mutating func began(_ channel: any Channel) { channels.append((ObjectIdentifier(channel), channel)) }

    mutating func ended(_ channel: any Channel) {
        guard let index = channels.firstIndex(where: { $0.id == ObjectIdentifier(channel) }) else { return }
        channels.remove(at: index)
    }

    mutating func closeOldest() {
        guard !channels.isEmpty else { return }
        channels.removeFirst().channel.close(promise: nil)
    }
}

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
