import NIOCore
import NIOPosix

/// Listens as no core does: says the same to everybody, or nothing.
final class ScriptedListener: Sendable {
    private let listener: any Channel
    private let firstPeer: EventLoopFuture<Void>

    private init(listener: any Channel, firstPeer: EventLoopFuture<Void>) { (self.listener, self.firstPeer) = (listener, firstPeer) }

    static func listen(at path: String, sends bytes: ByteBuffer?, on loop: any EventLoop) async throws -> ScriptedListener {
        let gone = loop.makePromise(of: Void.self)
        let listener = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.closeFuture.cascade(to: gone)
                guard let bytes else { return channel.eventLoop.makeSucceededVoidFuture() }
                return channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Greeter(bytes)) }
            }
            .bind(unixDomainSocketPath: path).get()
        return ScriptedListener(listener: listener, firstPeer: gone.futureResult)
    }

    /// Waits until the first peer has closed its connection.
    func untilPeerIsGone() async throws { try await firstPeer.get() }

    func close() async throws { try await listener.close() }

    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let bytes: ByteBuffer
        init(_ bytes: ByteBuffer) { self.bytes = bytes }
        func channelActive(context: ChannelHandlerContext) { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    }
}
