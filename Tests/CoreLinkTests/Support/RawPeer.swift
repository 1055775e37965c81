import NIOCore
import NIOPosix

@testable import CoreLink

extension EventLoop {
    /// Runs on the loop.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value { try await submit(body).get() }
}

/// A peer that speaks in bytes, right or wrong.
final class RawPeer: Sendable {
    private let channel: any Channel
    /// All that came, when the other end has closed.
    private let ended: EventLoopFuture<ByteBuffer>
    private let collector: NIOLoopBound<Collector>

    private init(channel: any Channel, collector: NIOLoopBound<Collector>) {
        (self.channel, self.collector) = (channel, collector)
        ended = channel.closeFuture.map { collector.value.received }
    }

    /// - Parameter reads: false: leaves everything in the socket until `startReading`.
    static func connect(to path: String, on loop: any EventLoop, reads: Bool = true) async throws -> RawPeer {
        let made = loop.makePromise(of: NIOLoopBound<Collector>.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let collector = Collector()
                    try channel.pipeline.syncOperations.addHandler(collector)
                    made.succeed(NIOLoopBound(collector, eventLoop: channel.eventLoop))
                }
            }
            .connect(unixDomainSocketPath: path).get()
        return RawPeer(channel: channel, collector: try await made.futureResult.get())
    }

    func write(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }
    func close() { channel.close(promise: nil) }
    func startReading() { channel.setOption(.autoRead, value: true).whenSuccess { [channel] in channel.read() } }

    /// All that the other end sent before it closed.
    func untilClosed() async throws -> ByteBuffer { try await ended.get() }

    /// Waits until so many octets have come, and takes them.
    func take(_ octets: Int) async throws -> ByteBuffer {
        let collector = collector
        return try await channel.eventLoop.flatSubmit { collector.value.take(octets, on: collector.eventLoop) }.get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var received = ByteBuffer()
        private var wanted: (octets: Int, promise: EventLoopPromise<ByteBuffer>)?

        func take(_ octets: Int, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
            let promise = loop.makePromise(of: ByteBuffer.self)
            wanted = (octets, promise)
            serve()
            return promise.futureResult
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            serve()
        }

        func channelInactive(context: ChannelHandlerContext) {
            wanted?.promise.fail(ChannelError.eof)
            wanted = nil
        }

        private func serve() {
            guard let (octets, promise) = wanted, let bytes = received.readSlice(length: octets) else { return }
            wanted = nil
            received.discardReadBytes()
            promise.succeed(bytes)
        }
    }
}

extension LinkMessage {
    var frame: ByteBuffer {
        var buffer = ByteBuffer()
        write(into: &buffer)
        return buffer
    }
}
