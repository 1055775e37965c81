import NIOCore
import NIOPosix

/// A connection to the core, as a daemon or the command line has it.
public final class LinkClient<Role: LinkRole> {
    public typealias Connection = LinkChannel<Role.Response, Role.Request>

    public let connection: Connection
    /// The configuration's revision that the core runs with.
    public let coreRevision: String

    private init(connection: Connection, coreRevision: String) {
        (self.connection, self.coreRevision) = (connection, coreRevision)
    }

    /// How long connecting and the greeting may take together.
    public static var greetingDeadline: TimeAmount { .seconds(5) }

    /// Connects, says hello and waits for the greeting.
    ///
    /// - Parameters:
    ///   - address: of the role's socket.
    ///   - holder: names this process for as long as it lives.
    ///   - revision: of the configuration that this process runs with.
    ///   - completion: called once, on `eventLoop`.
    public static func connect(
        to address: LinkAddress, holder: UInt64, revision: String, on eventLoop: any EventLoop,
        completion: @escaping (Result<LinkClient<Role>, LinkError>) -> Void
    ) {
        connect(to: address, holder: holder, revision: revision, deadline: greetingDeadline, on: eventLoop, completion: completion)
    }

    static func connect(
        to address: LinkAddress, holder: UInt64, revision: String, deadline: TimeAmount, on eventLoop: any EventLoop,
        completion: @escaping (Result<LinkClient<Role>, LinkError>) -> Void
    ) {
        let attempt = Attempt(completion)
        let channel = Connection(eventLoop: eventLoop) { (kind, body) throws(LinkError) in
            let greeting: Greeting
            do throws(WireError) { greeting = try Greeting.read(kind: kind, body: body) } catch { throw .malformed(error) }
            guard greeting.version == Hello.protocolVersion else {
                throw .versionMismatch(own: Hello.protocolVersion, peer: greeting.version)
            }
            if let refusal = greeting.refusal { throw .refused(refusal) }
            attempt.succeed(coreRevision: greeting.revision)
        }
        attempt.connection = channel
        channel.onClosed = { attempt.finish(.failure($0)) }
        attempt.deadline = eventLoop.assumeIsolated().scheduleTask(in: deadline) {
            channel.fail(.timedOut)
            attempt.finish(.failure(.timedOut))
        }
        let bound = NIOLoopBound(channel, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .channelInitializer { nioChannel in
                nioChannel.eventLoop.makeCompletedFuture { try nioChannel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(unixDomainSocketPath: address.path)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                // The deadline came first, and closes the channel as soon as there is one.
                case .success where attempt.isOver: channel.fail(.timedOut)
                case .success(let nioChannel):
                    do throws(LinkError) {
                        try expectListener(of: address, at: nioChannel)
                        channel.sendFirst(Hello(role: Role.name, holder: holder, revision: revision))
                    } catch {
                        channel.fail(error)
                        attempt.finish(.failure(error))
                    }
                case .failure(let error): attempt.finish(.failure(.unreachable(LinkError.reason(error))))
                }
            }
    }

    /// Nothing is said to somebody else.
    private static func expectListener(of address: LinkAddress, at channel: any Channel) throws(LinkError) {
        guard let listeners = address.listeners else { return }
        let listener = try PeerCredentials.of(channel).userID
        guard listeners.contains(listener) else { throw .impostor(userID: listener) }
    }

    /// Calls the completion exactly once.
    private final class Attempt {
        var connection: Connection?
        var deadline: Scheduled<Void>?
        private var completion: ((Result<LinkClient<Role>, LinkError>) -> Void)?

        var isOver: Bool { completion == nil }

        init(_ completion: @escaping (Result<LinkClient<Role>, LinkError>) -> Void) { self.completion = completion }

        func succeed(coreRevision: String) {
            guard let connection else { return }
            connection.onClosed = { _ in }
            finish(.success(LinkClient(connection: connection, coreRevision: coreRevision)))
        }

        func finish(_ result: Result<LinkClient<Role>, LinkError>) {
            deadline?.cancel()
            deadline = nil
            connection = nil
            let completion = completion
            self.completion = nil
            completion?(result)
        }
    }
}
