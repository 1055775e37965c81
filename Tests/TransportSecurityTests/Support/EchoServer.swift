import NIOCore
import NIOPosix
import Synchronization

@testable import TransportSecurity

/// A TLS server on loopback that says what it hears, and closes when it hears `quit`.
final class EchoServer: Sendable {
    struct Record: Sendable {
        var handshakes: [TLSHandshake] = []
        var errors: [TLSError] = []
        var isTruncated = false
        var received = 0
        var closed = 0
    }

    let record: Recorder
    let channel: any Channel

    final class Recorder: Sendable {
        private let state = Mutex(Record())
        var value: Record { state.withLock { $0 } }
        func change(_ body: (inout Record) -> Void) { state.withLock { body(&$0) } }
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    init(
        _ context: CurrentServerContext, handshakeTimeout: TimeAmount = .seconds(60), startTLS: Bool = false,
        echoes: Bool = true
    ) async throws {
        let record = Recorder()
        self.record = record
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if startTLS {
                        try channel.pipeline.syncOperations.addHandler(StartTLS(context: context.value))
                    } else {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(server: context.value, handshakeTimeout: handshakeTimeout))
                    }
                    try channel.pipeline.syncOperations.addHandler(EchoHandler(record: record, echoes: echoes))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    convenience init(_ pair: CertificatePair, settings: ServerSettings = ServerSettings()) async throws {
        try await self.init(CurrentServerContext(try ServerContext(pair, settings: settings)))
    }

    func stop() async throws { try await channel.close() }
}

/// Says a banner in clear, and changes over at the word STARTTLS, as SMTP does.
private final class StartTLS: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let context: ServerContext
    private var heard = ""

    init(context: ServerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "220 test.example ESMTP\r\n")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heard += String(buffer: unwrapInboundIn(data))
        while let end = heard.firstIndex(of: "\r\n") {
            let line = heard[..<end].uppercased()
            heard = String(heard[heard.index(after: end)...])
            let isStart = line == "STARTTLS"
            let reply = line.hasPrefix("EHLO") ? "250-test.example\r\n250 STARTTLS\r\n" : isStart ? "220 go\r\n" : "500 no\r\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply)), promise: nil)
            guard isStart else { continue }
            do {
                try context.pipeline.syncOperations.addHandler(
                    TLSHandler(server: self.context, handshakeTimeout: .seconds(60)), position: .first)
            } catch { context.fireErrorCaught(error) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            return
        }
    }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let record: EchoServer.Recorder
    private let echoes: Bool

    init(record: EchoServer.Recorder, echoes: Bool) { (self.record, self.echoes) = (record, echoes) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = unwrapInboundIn(data)
        record.change { $0.received += octets.readableBytes }
        guard echoes else { return }
        context.writeAndFlush(wrapOutboundOut(octets), promise: nil)
        if octets.readableBytes < 100, String(buffer: octets).contains("quit") { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSEvent.handshakeCompleted(let handshake) as TLSEvent: record.change { $0.handshakes.append(handshake) }
        case TLSEvent.inputTruncated as TLSEvent: record.change { $0.isTruncated = true }
        case ChannelEvent.inputClosed as ChannelEvent:
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "end\n")), promise: nil)
            context.close(mode: .output, promise: nil)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { record.change { $0.errors.append(error) } }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { record.change { $0.closed += 1 } }
}
