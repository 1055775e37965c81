import CoreLink
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology
import TransportSecurity

#if canImport(Glibc)
    import Glibc
#endif

/// One virtual server: its listeners, which accept on one event loop and give each connection to the next of all loops. Confined to the
/// loop that accepts.
final class VirtualServerListeners {
    private let eventLoop: any EventLoop
    private let group: MultiThreadedEventLoopGroup
    private let log: Logger
    private var server: VirtualServer
    private let budgets: VirtualServerBudgets
    /// One for each event loop of the group.
    private let connections: [NIOLoopBound<VirtualServerConnections>]
    private(set) var listeners: [(listener: Listener, channel: any Channel)] = []

    init(
        _ server: VirtualServer, budgets: VirtualServerBudgets, connections: [NIOLoopBound<VirtualServerConnections>],
        acceptingOn eventLoop: any EventLoop, of group: MultiThreadedEventLoopGroup, log: Logger
    ) {
        (self.server, self.budgets, self.connections) = (server, budgets, connections)
        (self.eventLoop, self.group, self.log) = (eventLoop, group, log)
    }

    /// Listens on every address of the configuration, over the socket that was handed over for it where there is one.
    func listen(_ inherited: InheritedSockets) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let futures = server.listeners.map { listener in
            listen(listener, inherited).map { bound.value.listeners.append((listener, $0)) }
        }
        return EventLoopFuture.andAllSucceed(futures, on: eventLoop)
    }

    struct CannotListen: Error, CustomStringConvertible {
        let listener: Listener
        let reason: String
        var description: String { "cannot listen on \(listener) (\(listener.location)): \(reason)" }
    }

    private func listen(_ listener: Listener, _ inherited: InheritedSockets) -> EventLoopFuture<any Channel> {
        let channel: EventLoopFuture<any Channel>
        do throws(InheritedSocketError) {
            if let socket = try inherited.claim(.internet(listener.address, port: listener.port), for: server.name) {
                log.debug("uses a socket that was handed over", metadata: ["listen": "\(listener)"])
                channel = bootstrap(listener).withBoundSocket(socket.descriptor).flatMapThrowing { channel in
                    // NIO has cut the queue to its own length; whoever made the socket does not lengthen it again.
                    guard Glibc.listen(socket.descriptor, Self.backlog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
                    return channel
                }
            } else {
                channel = bind(listener)
            }
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        return channel.flatMapErrorThrowing { error in
            throw CannotListen(listener: listener, reason: SystemReason.text(of: error))
        }
    }

    private func bind(_ listener: Listener) -> EventLoopFuture<any Channel> {
        var bootstrap = bootstrap(listener).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        if listener.address.family == .ipv6 {
            // So that [::]:25 stands beside 0.0.0.0:25.
            bootstrap = bootstrap.serverChannelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
        }
        return bootstrap.bind(host: "\(listener.address)", port: listener.port)
    }

    /// A client that sends without a pause, and does not read, holds what was read last and the buffer for what is read next: 16 KiB at most each,
    /// and one read in a turn of the loop while it sends commands. Four reads of 64 KiB, NIO's own, cost two to four times the memory and save no processor time.
    /// No smaller than 2 KiB: a buffer that shrinks to the size of commands grows again for each message by doubling, a turn of the loop each time.
    private static var receiveBuffers: AdaptiveRecvByteBufferAllocator { .init(minimum: 2 * 1024, initial: 2 * 1024, maximum: 16 * 1024) }

    /// Connections that wait to be accepted, as far as the kernel allows it (`net.core.somaxconn`).
    private static var backlog: Int32 { 1024 }

    private func bootstrap(_ listener: Listener) -> ServerBootstrap {
        ServerBootstrap(group: eventLoop, childGroup: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelInitializer { [log] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pause = AcceptPause { log.error("\($0)", metadata: ["listen": "\(listener)"]) }
                    try channel.pipeline.syncOperations.addHandler(pause, position: .first)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 16 * 1024, high: 64 * 1024))
            .childChannelOption(.recvAllocator, value: Self.receiveBuffers)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [connections] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let own = connections.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        preconditionFailure("a connection is on a loop of the group")
                    }
                    try own.value.accept(channel, startsWithTLS: listener.implicitTLS)
                }
            }
    }

    /// Uses another configuration for connections from now on; those that are open keep theirs.
    ///
    /// - Returns: when all event loops do.
    func adopt(_ server: VirtualServer, topology: Topology, transport: CurrentServerContext?) -> EventLoopFuture<Void> {
        self.server = server
        budgets.adopt(server, budgets: topology.budgets)
        return onEveryLoop { $0.adopt(server, topology: topology, transport: transport) }
    }

    /// Whether these are the addresses that it listens on, which cannot change while the process runs.
    func listens(on others: [Listener]) -> Bool { Set(others.map(\.endpoint)) == Set(listeners.map(\.listener.endpoint)) }

    private func onEveryLoop(_ body: @escaping @Sendable (VirtualServerConnections) -> Void) -> EventLoopFuture<Void> {
        EventLoopFuture.andAllComplete(connections.map { own in own.eventLoop.submit { body(own.value) } }, on: eventLoop)
    }

    /// No new connections.
    ///
    /// - Returns: succeeds when the last has ended, on every event loop.
    func shutDown() -> EventLoopFuture<Void> {
        for (_, channel) in listeners { channel.close(promise: nil) }
        // A loop hears of this after the connections that were accepted before: both come from here.
        return EventLoopFuture.andAllComplete(
            connections.map { own in own.eventLoop.flatSubmit { own.value.shutDown() } }, on: eventLoop)
    }
}
