import NIOCore
import NIOPosix
import Synchronization

/// A mail host on loopback that answers each command as a test says, and everything else with 250.
final class ScriptedHost: Sendable {
    /// The reply to a command, by its verb; `CONNECT` stands for the banner. Nil: the usual one.
    typealias Answer = @Sendable (_ verb: String) -> String?

    private let seen = Mutex<[String]>([])
    let channel: any Channel

    /// The verbs that clients have said, `CONNECT` for each connection.
    var verbs: [String] { seen.withLock { $0 } }
    var port: Int { channel.localAddress?.port ?? 0 }

    private init(channel: any Channel) { self.channel = channel }

    static func start(on loop: any EventLoop, _ answer: @escaping Answer = { _ in nil }) async throws -> ScriptedHost {
        let hosts = Mutex<ScriptedHost?>(nil)
        let box = Box(hosts)
        let channel = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let host = box.host.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
                    try channel.pipeline.syncOperations.addHandler(Handler(host, answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let host = ScriptedHost(channel: channel)
        box.host.withLock { $0 = host }
        return host
    }

    func stop() async throws { try await channel.close() }

    private final class Box: Sendable {
        let host: Mutex<ScriptedHost?>
        init(_ host: consuming Mutex<ScriptedHost?>) { self.host = host }
    }

    /// Confined to its channel's event loop.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let host: ScriptedHost
        private let answer: Answer
        private var input = ""
        private var isContent = false

        init(_ host: ScriptedHost, _ answer: @escaping Answer) { (self.host, self.answer) = (host, answer) }

        func channelActive(context: ChannelHandlerContext) { reply("CONNECT", usual: "220 host.test ready", context) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            input += String(buffer: unwrapInboundIn(data))
            while let end = input.range(of: "\r\n") {
                let line = String(input[..<end.lowerBound])
                input.removeSubrange(..<end.upperBound)
                if isContent {
                    if line == "." {
                        isContent = false
                        reply(".", usual: "250 taken", context)
                    }
                    continue
                }
                let verb = line.prefix { $0 != " " }.uppercased()
                isContent = verb == "DATA"
                reply(verb, usual: verb == "DATA" ? "354 go on" : "250 OK", context)
            }
        }

        private func reply(_ verb: String, usual: String, _ context: ChannelHandlerContext) {
            host.seen.withLock { $0.append(verb) }
            let text = answer(verb) ?? usual
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
