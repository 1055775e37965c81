import CoreLink
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology

/// One thing that must answer.
enum HealthProbe: Hashable {
    /// The process behind a Unix socket, to a hello of that role.
    case socket(RoleName, LinkAddress, revision: String)
    /// A front end's port: with the greeting 220, or, where TLS comes first, by taking the connection.
    case listener(Listener)

    /// Connecting and the first octets together.
    private static let deadline = TimeAmount.seconds(5)

    /// What is wrong; nil where nothing is.
    func failure() async -> String? {
        switch self {
        case .socket(let name, let address, let revision):
            switch name {
            case .edge: await Self.failure(EdgeLink.self, address, revision)
            case .submission: await Self.failure(SubmissionLink.self, address, revision)
            case .delivery: await Self.failure(DeliveryLink.self, address, revision)
            case .mailbox: await Self.failure(MailboxLink.self, address, revision)
            case .control: await Self.failure(ControlLink.self, address, revision)
            case .authentication: await Self.failure(AuthenticationLink.self, address, revision)
            case .login: await Self.failure(LoginLink.self, address, revision)
            }
        case .listener(let listener): await Self.failure(of: listener)
        }
    }

    private static func failure<Role: LinkRole & SendableMetatype>(_: Role.Type, _ address: LinkAddress, _ revision: String) async
        -> String?
    {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let done = eventLoop.makePromise(of: String?.self)
        eventLoop.execute {
            // A name of its own: it holds no lease, and presents none.
            LinkClient<Role>.connect(to: address, holder: HolderIdentity.make(), revision: revision, on: eventLoop) { result in
                switch result {
                case .success(let client):
                    client.connection.onClosed = { _ in }
                    client.connection.close()
                    done.succeed(nil)
                case .failure(let error): done.succeed("\(error)")
                }
            }
        }
        return (try? await done.futureResult.get()) ?? nil  // The promise is never failed.
    }

    private static func failure(of listener: Listener) async -> String? {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let done = eventLoop.makePromise(of: String?.self)
        let deadline = eventLoop.scheduleTask(in: Self.deadline) { done.succeed("no answer in time") }
        let connected = ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.deadline)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard !listener.implicitTLS else { return }
                    try channel.pipeline.syncOperations.addHandler(GreetingReader(done))
                }
            }
            .connect(host: listener.reachableAddress, port: listener.port)
        connected.whenFailure { error in done.succeed(SystemReason.text(of: error)) }
        if listener.implicitTLS { connected.whenSuccess { _ in done.succeed(nil) } }
        let failure = try? await done.futureResult.get()  // The promise is never failed.
        deadline.cancel()
        connected.whenSuccess { $0.close(promise: nil) }
        return failure ?? nil
    }

    /// Waits for the first octets that a server says, and wants the code 220 (RFC 5321 §4.3.1).
    private final class GreetingReader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let done: EventLoopPromise<String?>
        private var received = ByteBuffer()

        init(_ done: EventLoopPromise<String?>) { self.done = done }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            guard received.readableBytes >= 4 else { return }
            let code = received.getString(at: received.readerIndex, length: 3) ?? ""
            done.succeed(code == "220" ? nil : "it greets with \(code)")
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { done.succeed("the connection was closed without a greeting") }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            done.succeed(SystemReason.text(of: error))
            context.close(promise: nil)
        }
    }
}

extension HealthProbe: CustomStringConvertible {
    var description: String {
        switch self {
        case .socket(_, let address, _): address.path
        case .listener(let listener): listener.endpoint
        }
    }
}
