import MailVocabulary
import NIOCore
import NIOPosix
import SMTPProtocol

#if canImport(Glibc)
    import Glibc
#endif

/// Opens one connection and waits until it can carry a transaction.
struct SMTPConnector: Sendable {
    /// What the kernel may hold of unsent content for one connection: with more, a slow transfer would look like a finished one.
    private static let unsentLimit = 128 * 1024
    /// Replies are short: this much is read at once.
    private static let readSize = 4096

    private static let pauseBeforeFullSocket = TimeAmount.milliseconds(50)

    let endpoint: SMTPClientEndpoint
    let source: SourceAddresses
    let settings: SMTPClientSettings
    let eventLoop: any EventLoop

    /// A connection on its way.
    struct Opening {
        /// TCP, or the Unix socket, stands; the dialogue has begun, and `SMTPClientConnection.ready` says when it may be used. Fails with
        /// `SMTPConnectFailure` only.
        let connected: EventLoopFuture<SMTPClientConnection>
        fileprivate let made: NIOLoopBoundBox<Made?>

        /// Nobody wants it any more.
        func cancel() { made.value?.channel.close(promise: nil) }
    }

    /// Kept apart from the pipeline: a connection that ends at once has left it by the time that anybody asks, and the handler knows why.
    fileprivate struct Made {
        let channel: any Channel
        let handler: SMTPClientHandler
    }

    func open() -> Opening {
        let made = NIOLoopBoundBox.makeEmptyBox(valueType: Made.self, eventLoop: eventLoop)
        let connected: EventLoopFuture<any Channel>
        do {
            connected = try openSocket(made, until: .now() + TimeAmount(settings.timeouts.connect))
        } catch let failure as SMTPConnectFailure {
            return Opening(connected: eventLoop.makeFailedFuture(failure), made: made)
        } catch {
            return Opening(connected: eventLoop.makeFailedFuture(SMTPConnectFailure.local("\(error)")), made: made)
        }
        let connection = connected.flatMapErrorThrowing { throw SMTPConnectFailure(connecting: $0) }.flatMapThrowing { [endpoint] channel in
            guard let handler = made.value?.handler else { throw SMTPConnectFailure.unreachable("closed at once") }
            return SMTPClientConnection(channel: channel, handler: handler, endpoint: endpoint)
        }
        return Opening(connected: connection, made: made)
    }

    /// - Parameter deadline: until then a full Unix socket is tried again.
    private func openSocket(
        _ made: NIOLoopBoundBox<Made?>, until deadline: NIODeadline
    ) throws -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(settings.timeouts.connect))
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
            .channelInitializer { [settings, endpoint] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = SMTPClientHandler(settings: settings, endpoint: "\(endpoint)", eventLoop: channel.eventLoop)
                    made.value = Made(channel: channel, handler: handler)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        switch endpoint {
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path).flatMapError { error in
                // The server is there and has many waiting: unlike TCP, the kernel lets nobody wait in connect(2) then (unix(7)).
                guard (error as? IOError)?.errnoCode == EAGAIN, .now() < deadline else { return eventLoop.makeFailedFuture(error) }
                return eventLoop.flatScheduleTask(in: Self.pauseBeforeFullSocket) { try openSocket(made, until: deadline) }.futureResult
            }
        case .tcp(let address, let port):
            guard (1...65535).contains(port) else { throw SMTPConnectFailure.local("no port \(port)") }
            let target = try SocketAddress(address, port: port)
            let options =
                bootstrap
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)), value: Self.unsentLimit)
            guard let local = source.address(for: address.family) else { return options.connect(to: target) }
            return
                options
                // The port is chosen at connect, when the other end is known: as many connections per address as there are peers.
                .channelOption(
                    ChannelOptions.Types.SocketOption(level: .ip, name: NIOBSDSocket.Option(rawValue: IP_BIND_ADDRESS_NO_PORT)), value: 1
                )
                .bind(to: try SocketAddress(local, port: 0))
                .connect(to: target)
        }
    }
}

extension SocketAddress {
    fileprivate init(_ address: IPAddress, port: Int) throws {
        try self.init(packedIPAddress: ByteBuffer(bytes: address.octets), port: port)
    }
}

extension SMTPConnectFailure {
    /// Sorts what NIO and the system say.
    fileprivate init(connecting error: any Error) {
        switch error {
        case let failure as SMTPConnectFailure: self = failure
        case ChannelError.connectTimeout: self = .timedOut
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED: self = .refused
            case ETIMEDOUT: self = .timedOut
            case EADDRNOTAVAIL, EADDRINUSE, EMFILE, ENFILE, ENOBUFS, ENOMEM, EAFNOSUPPORT: self = .local(Self.words(of: error))
            default: self = .unreachable(Self.words(of: error))
            }
        default: self = .unreachable("\(error)")
        }
    }

    /// The system's words alone: NIO's name the function that failed and its arguments.
    private static func words(of error: IOError) -> String { String(cString: strerror(error.errnoCode)) }
}
