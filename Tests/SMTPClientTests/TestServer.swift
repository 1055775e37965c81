import NIOCore
import NIOPosix
import Synchronization
import TransportSecurity

/// A remote server on loopback that does what a test wants of it. Knows just enough SMTP and LMTP.
final class TestServer: Sendable {
    struct Behaviour: Sendable {
        var extensions = ["PIPELINING", "8BITMIME"]
        /// STARTTLS is answered with a handshake.
        var tls: ServerContext?
        /// What `EHLO` announces under TLS.
        var securedExtensions = ["PIPELINING", "8BITMIME"]
        /// Said in clear, behind the reply to STARTTLS.
        var injection = ""
        /// Said to `AUTH`, and to each line of the exchange.
        var authentication: [String] = []
        /// Said instead of the usual reply; the first word of the command is the key, and `.` the end of the content. An empty text
        /// is no reply at all.
        var replies: [String: String] = [:]
        var banner = "220 test.example\r\n"
        /// Said again and again, as often as the socket takes it, after this word.
        var floodAfter: (word: String, text: String)?
        /// Said octet by octet, for ever, instead of a banner.
        var trickle: String?
        /// Closes after this word's reply.
        var closeAfter: String?
        var isLMTP = false
        /// Reads no content at all once it has said 354.
        var ignoresContent = false
        /// Reads at most 64 KiB at a time, and waits so long between reads.
        var readPause: TimeAmount?
    }

    struct Record: Sendable {
        var commands: [String] = []
        /// As they came in, after removal of the dots.
        var messages: [ByteBuffer] = []
        var connections = 0
        var handshakes: [TLSHandshake] = []
        var remoteAddresses: [String] = []
    }

    let record = Mutex(Record())
    let channel: any Channel
    /// One per connection, when it is closed.
    private let closings: AsyncStream<Void>
    private let closingsSink: AsyncStream<Void>.Continuation

    var port: Int { channel.localAddress?.port ?? 0 }

    private init(channel: any Channel, closings: AsyncStream<Void>, sink: AsyncStream<Void>.Continuation) {
        (self.channel, self.closings, closingsSink) = (channel, closings, sink)
    }

    static func start(_ behaviour: Behaviour = Behaviour(), unixPath: String? = nil, on loop: any EventLoop) async throws -> TestServer {
        let (stream, sink) = AsyncStream.makeStream(of: Void.self)
        let box = Mutex<TestServer?>(nil)
        let holder = Holder(box: box)
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_rcvbuf), value: behaviour.readPause == nil ? 1 << 18 : 1 << 15)
            .childChannelOption(.autoRead, value: behaviour.readPause == nil)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let server = holder.box.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
                    server.record.withLock {
                        $0.connections += 1
                        $0.remoteAddresses.append(channel.remoteAddress?.ipAddress ?? "unix")
                    }
                    channel.closeFuture.whenComplete { _ in server.closingsSink.yield() }
                    try channel.pipeline.syncOperations.addHandler(TestServerHandler(server: server, behaviour: behaviour))
                }
            }
        let channel =
            if let unixPath { try await bootstrap.bind(unixDomainSocketPath: unixPath).get() } else {
                try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            }
        let server = TestServer(channel: channel, closings: stream, sink: sink)
        holder.box.withLock { $0 = server }
        return server
    }

    /// Waits until one connection is closed.
    func connectionClosed() async { for await _ in closings { return } }

    func stop() async throws { try await channel.close() }

    var messages: [ByteBuffer] { record.withLock { $0.messages } }
    var commands: [String] { record.withLock { $0.commands } }

    private final class Holder: Sendable {
        let box: Mutex<TestServer?>
        init(box: consuming Mutex<TestServer?>) { self.box = box }
    }
}

/// Confined to its channel's event loop.
private final class TestServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Mode {
        case commands, data
        case chunk(Int)
        case deaf
    }

    private let server: TestServer
    private let behaviour: TestServer.Behaviour
    private var buffer = ByteBuffer()
    private var content = ByteBuffer()
    private var mode = Mode.commands
    private var accepted = 0
    private var flood: ByteBuffer?
    private var isSecured = false
    private var authenticationReplies: [String] = []

    init(server: TestServer, behaviour: TestServer.Behaviour) { (self.server, self.behaviour) = (server, behaviour) }

    func channelActive(context: ChannelHandlerContext) {
        if behaviour.readPause != nil { readLater(context) }
        if let trickle = behaviour.trickle { return self.trickle(Array(trickle.utf8), context) }
        reply(to: "CONNECT", behaviour.banner, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer.writeImmutableBuffer(unwrapInboundIn(data))
        process(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if behaviour.readPause != nil { readLater(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { writeFlood(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let handshake)? = event as? TLSEvent else { return }
        isSecured = true
        server.record.withLock { $0.handshakes.append(handshake) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func readLater(_ context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: behaviour.readPause ?? .zero) { loopBound.value.read() }
    }

    private func trickle(_ octets: [UInt8], from index: Int = 0, _ context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((context, self), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [octets[index]])), promise: nil)
        context.eventLoop.scheduleTask(in: .milliseconds(10)) {
            let (context, handler) = loopBound.value
            if context.channel.isActive { handler.trickle(octets, from: (index + 1) % octets.count, context) }
        }
    }

    private func process(_ context: ChannelHandlerContext) {
        while context.channel.isActive {
            switch mode {
            case .deaf: return buffer.clear()
            case .commands:
                guard let line = readLine() else { return }
                receive(String(buffer: line), context)
            case .chunk(let size):
                content.writeImmutableBuffer(
                    buffer.readSlice(length: min(size - content.readableBytes, buffer.readableBytes)) ?? ByteBuffer())
                guard content.readableBytes == size else { return }
                finishContent(context)
            case .data:
                guard var line = readLine() else { return }
                if line.readableBytes == 1, line.getInteger(at: line.readerIndex, as: UInt8.self) == 0x2E {
                    finishContent(context)
                    continue
                }
                if line.getInteger(at: line.readerIndex, as: UInt8.self) == 0x2E { line.moveReaderIndex(forwardBy: 1) }
                content.writeImmutableBuffer(line)
                content.writeStaticString("\r\n")
            }
        }
    }

    private func readLine() -> ByteBuffer? {
        guard let end = buffer.readableBytesView.firstIndex(of: 0x0A), let line = buffer.readSlice(length: end - buffer.readerIndex - 1)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: 2)
        if buffer.readableBytes == 0 { buffer.clear() }
        return line
    }

    private func receive(_ command: String, _ context: ChannelHandlerContext) {
        server.record.withLock { $0.commands.append(command) }
        if !authenticationReplies.isEmpty { return reply(to: "", authenticationReplies.removeFirst(), context) }
        let words = command.split(separator: " ")
        let verb = words.first.map(String.init) ?? ""
        switch verb {
        case "EHLO", "LHLO":
            let lines = ["test.example"] + (isSecured ? behaviour.securedExtensions : behaviour.extensions)
            let text = lines.enumerated().map { "250\($0 == lines.count - 1 ? " " : "-")\($1)\r\n" }.joined()
            reply(to: verb, text, context)
        case "STARTTLS":
            reply(to: verb, "220 go on\r\n" + behaviour.injection, context)
            guard let tls = behaviour.tls, behaviour.replies[verb] == nil else { return }
            do {
                try context.pipeline.syncOperations.addHandler(TLSHandler(server: tls), position: .first)
            } catch { context.close(promise: nil) }
        case "AUTH":
            authenticationReplies = Array(behaviour.authentication.dropFirst())
            reply(to: verb, behaviour.authentication.first ?? "504 5.5.4 no\r\n", context)
        case "MAIL":
            accepted = 0
            reply(to: verb, "250 2.1.0 ok\r\n", context)
        case "RCPT":
            if behaviour.replies[verb].map({ $0.hasPrefix("2") }) ?? true { accepted += 1 }
            reply(to: verb, "250 2.1.5 ok\r\n", context)
        case "DATA":
            if accepted > 0 { mode = behaviour.ignoresContent ? .deaf : .data }
            if behaviour.ignoresContent { _ = context.channel.setOption(.autoRead, value: false) }
            reply(to: verb, accepted > 0 ? "354 go on\r\n" : "554 5.5.1 nobody\r\n", context)
        case "BDAT":
            mode = .chunk(words.count > 1 ? Int(words[1]) ?? 0 : 0)
        case "QUIT":
            reply(to: verb, "221 2.0.0 bye\r\n", context)
            if behaviour.replies["QUIT"] == nil { context.close(promise: nil) }
        default: reply(to: verb, "250 2.0.0 ok\r\n", context)
        }
    }

    private func finishContent(_ context: ChannelHandlerContext) {
        let message = content
        server.record.withLock { $0.messages.append(message) }
        content = ByteBuffer()
        mode = .commands
        for _ in 0..<(behaviour.isLMTP ? accepted : 1) { reply(to: ".", "250 2.0.0 taken\r\n", context) }
    }

    private func reply(to word: String, _ text: String, _ context: ChannelHandlerContext) {
        let text = behaviour.replies[word] ?? text
        if !text.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil) }
        if behaviour.closeAfter == word { context.close(promise: nil) }
        if behaviour.floodAfter?.word == word, let flood = behaviour.floodAfter?.text {
            self.flood = ByteBuffer(string: String(repeating: flood, count: 1000))
            writeFlood(context)
        }
    }

    private func writeFlood(_ context: ChannelHandlerContext) {
        guard let flood else { return }
        while context.channel.isActive, context.channel.isWritable {
            context.write(wrapOutboundOut(flood), promise: nil)
            if !context.channel.isWritable { context.flush() }
        }
    }
}
