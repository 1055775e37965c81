import NIOCore
import NIOPosix
import Synchronization

@testable import TransportSecurity

/// A connection to loopback: everything that comes in is kept.
final class TestClient: Sendable {
    struct Record: Sendable {
        var handshake: TLSHandshake?
        var error: TLSError?
        var received: [UInt8] = []
        var count = 0
        var isInputClosed = false
        var isClosed = false
    }

    let channel: any Channel
    private let state: Holder

    final class Holder: Sendable {
        let value = Mutex(Record())
    }

    var record: Record { state.value.withLock { $0 } }

    init(
        port: Int, tls context: ClientContext? = nil, peer: PeerReference? = nil, autoRead: Bool = true
    ) async throws {
        let state = Holder()
        self.state = state
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context, let peer {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(client: context, peer: peer, handshakeTimeout: .seconds(60)))
                    }
                    try channel.pipeline.syncOperations.addHandler(Keeper(state: state))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Waits for the handshake, whatever comes of it.
    func settled() async throws -> Record {
        try await eventually("the handshake") { record.handshake != nil || record.error != nil || record.isClosed }
        return record
    }

    func send(_ octets: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: octets)) }
    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Resets nothing: what is on its way arrives.
    func close() async throws {
        // It may be closed already, by the other side.
        try? await channel.close()
    }

    private final class Keeper: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let state: Holder
        init(state: Holder) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let octets = unwrapInboundIn(data)
            state.value.withLock {
                $0.count += octets.readableBytes
                if $0.received.count < 1 << 16 { $0.received += octets.readableBytesView }
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSEvent.handshakeCompleted(let handshake)? = event as? TLSEvent {
                state.value.withLock { $0.handshake = handshake }
            }
            if event as? ChannelEvent == .inputClosed { state.value.withLock { $0.isInputClosed = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            state.value.withLock { $0.error = error as? TLSError }
        }

        func channelInactive(context: ChannelHandlerContext) { state.value.withLock { $0.isClosed = true } }
    }
}
