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
    /// Those that are bound.
    private(set) var listeners: [(listener: Listener, channel: any Channel)] = []
    /// Those that are not, as far as they are tried again.
    private(set) var missing: [MissingListener] = []
    /// Of those that are bound: whose address this machine does not have now.
    private var absent: Set<String> = []
    private var isShutDown = false
    /// Whether an address is this machine's; tests answer otherwise.
    var isHere: (IPAddress) -> Bool = MachineAddress.isHere

    init(
        _ server: VirtualServer, budgets: VirtualServerBudgets, connections: [NIOLoopBound<VirtualServerConnections>],
        acceptingOn eventLoop: any EventLoop, of group: MultiThreadedEventLoopGroup, log: Logger
    ) {
        (self.server, self.budgets, self.connections) = (server, budgets, connections)
        (self.eventLoop, self.group, self.log) = (eventLoop, group, log)
    }

    /// Listens on every address of the configuration, over the socket that was handed over for it where there is one.
    ///
    /// An address or a protocol that this machine does not have keeps the others from nothing: see ``look()``.
    ///
    /// - Parameter waitsForPort: whether a port that is taken can be bound later as well; where it cannot, or nothing else is bound, it is an
    ///   error.
    /// - Returns: fails with `CannotListen` or `InheritedSocketError`.
    func listen(_ inherited: InheritedSockets, waitsForPort: @escaping (Listener) -> Bool = { _ in false }) -> EventLoopFuture<Void> {
        var attempts: [EventLoopFuture<(Listener, ListenAttempt)>] = []
        do throws(InheritedSocketError) {
            for listener in server.listeners {
                let socket = try inherited.claim(.internet(listener.address, port: listener.port), for: server.name)
                if socket != nil { log.debug("uses a socket that was handed over", metadata: ["listen": "\(listener)"]) }
                attempts.append(attempt(listener, over: socket?.descriptor).map { (listener, $0) })
            }
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        return EventLoopFuture.whenAllSucceed(attempts, on: eventLoop).assumeIsolated().flatMapThrowing { [self] attempts in
            for (listener, attempt) in attempts { note(attempt, of: listener) }
            let fatal = missing.first { missing in
                switch missing.cause {
                case .noSuchFamily: false
                case .taken: listeners.isEmpty || !waitsForPort(missing.listener)
                case .notPermitted, .other: true
                }
            }
            if let fatal { throw CannotListen(listener: fatal.listener, reason: fatal.reason) }
            for missing in missing { say(missing) }
        }.nonisolated()
    }

    private func say(_ missing: MissingListener) {
        log.error(
            "cannot listen on one of the addresses",
            metadata: ["listen": "\(missing.listener)", "configured": "\(missing.listener.location)", "error": "\(missing.reason)"])
    }

    struct CannotListen: Error, CustomStringConvertible {
        let listener: Listener
        let reason: String
        var description: String { "cannot listen on \(listener) (\(listener.location)): \(reason)" }
    }

    /// - Parameter descriptor: a socket that is bound there already.
    /// - Returns: a future that does not fail.
    private func attempt(_ listener: Listener, over descriptor: Int32? = nil) -> EventLoopFuture<ListenAttempt> {
        if let descriptor {
            return bootstrap(listener).withBoundSocket(descriptor).flatMapThrowing { channel in
                // NIO has cut the queue to its own length; whoever made the socket does not lengthen it again.
                guard Glibc.listen(descriptor, Self.backlog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
                return .listens(channel)
            }.flatMapErrorThrowing { .failed($0) }
        }
        return bind(listener).map { .listens($0) }.assumeIsolated().flatMapError { [self] error in
            guard (error as? IOError)?.errnoCode == EADDRNOTAVAIL else { return eventLoop.makeFailedFuture(error) }
            // It may come: a floating address, or a network that starts late. Root binds a low port for it now; nobody could later.
            return bind(listener, beforeAddress: true).map { .awaitsAddress($0) }
        }.nonisolated().flatMapErrorThrowing { .failed($0) }
    }

    private func note(_ attempt: ListenAttempt, of listener: Listener) {
        missing.removeAll { $0.listener.endpoint == listener.endpoint }
        switch attempt {
        case .failed(let error): missing.append(MissingListener(listener, error))
        case .listens(let channel), .awaitsAddress(let channel):
            // What was going on when the end came.
            guard !isShutDown else { return channel.close(promise: nil) }
            listeners.append((listener, channel))
            // A socket that was handed over may have been bound before its address came, too.
            var awaitsAddress = !isHere(listener.address)
            if case .awaitsAddress = attempt { awaitsAddress = true }
            if awaitsAddress { noteAbsent(listener) }
        }
    }

    private func noteAbsent(_ listener: Listener) {
        absent.insert(listener.endpoint)
        log.error(
            "this machine does not have the address of a listener: nobody reaches it there until it has",
            metadata: ["listen": "\(listener)", "configured": "\(listener.location)"])
    }

    // MARK: Later

    /// What the configuration says and is not so, a sentence for each, for an administrator.
    ///
    /// - Parameter executable: the daemon's.
    func undone(by executable: String) -> [String] {
        let wanted = Set(server.listeners.map(\.endpoint))
        return missing.map { $0.sentence(of: executable) }
            + listeners.compactMap { listener, _ in
                if !wanted.contains(listener.endpoint) {
                    return
                        "still listens on \(listener.endpoint), which is no more in the configuration; not after a restart of \(executable)"
                }
                guard absent.contains(listener.endpoint) else { return nil }
                return "nobody reaches it on \(listener.endpoint) (\(listener.location)): this machine does not have the address now"
            }
    }

    /// Tries again what is missing, and looks whether addresses have come or gone. Every ``lookInterval``.
    func look() -> EventLoopFuture<Void> {
        for (listener, _) in listeners {
            let isAbsent = !isHere(listener.address)
            guard isAbsent != absent.contains(listener.endpoint) else { continue }
            if isAbsent {
                noteAbsent(listener)
            } else {
                absent.remove(listener.endpoint)
                log.notice("this machine has the address of a listener now", metadata: ["listen": "\(listener)"])
            }
        }
        return tryMissing(saysFailures: false)
    }

    /// How often ``look()`` is called.
    static var lookInterval: TimeAmount { .seconds(2) }

    /// - Parameter saysFailures: where it is the first time that the log hears of them.
    func tryMissing(saysFailures: Bool) -> EventLoopFuture<Void> {
        guard !isShutDown else { return eventLoop.makeSucceededVoidFuture() }
        return open(missing.map { ($0.listener, nil) }, saysFailures: saysFailures)
    }

    private func open(_ wanted: [(Listener, Int32?)], saysFailures: Bool) -> EventLoopFuture<Void> {
        let attempts = wanted.map { listener, descriptor in attempt(listener, over: descriptor).map { (listener, $0) } }
        return EventLoopFuture.whenAllSucceed(attempts, on: eventLoop).assumeIsolated().map { [self] attempts in
            for (listener, attempt) in attempts {
                note(attempt, of: listener)
                if let failed = missing.first(where: { $0.listener.endpoint == listener.endpoint }) {
                    if saysFailures { say(failed) }
                } else {
                    log.notice("listens", metadata: ["listen": "\(listener.endpoint)", "virtual_server": "\(server.name)"])
                }
            }
        }.nonisolated()
    }

    /// - Parameter beforeAddress: also where this machine does not have the address (yet).
    private func bind(_ listener: Listener, beforeAddress: Bool = false) -> EventLoopFuture<any Channel> {
        var bootstrap = bootstrap(listener).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let isIPv6 = listener.address.family == .ipv6
        if beforeAddress {
            // IPV6_FREEBIND and IP_FREEBIND (ip(7)), which need no privilege.
            let option = NIOBSDSocket.Option(rawValue: isIPv6 ? 78 : 15)
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: isIPv6 ? .ipv6 : .ip, name: option), value: 1)
        }
        if isIPv6 {
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

    // MARK: Other addresses

    /// Lets go of an address and port that it listens on and shall no more.
    ///
    /// - Parameter shallStay: the endpoints that it is to listen on.
    /// - Returns: the socket, which goes on to listen: whoever gets it needs no right to bind a low port, and no client is refused.
    func release(_ address: String, unlessIn shallStay: Set<String>) -> Int32? {
        guard let index = listeners.firstIndex(where: { $0.listener.description == address && !shallStay.contains($0.listener.endpoint) })
        else { return nil }
        let channel = listeners[index].channel
        let descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            fcntl($0, F_DUPFD_CLOEXEC, 3)
        }
        // try? and -1: there is no descriptor left. Then the address is bound anew, as one that nobody had.
        guard let descriptor, descriptor >= 0 else { return nil }
        listeners.remove(at: index)
        channel.close(promise: nil)
        return descriptor
    }

    /// Binds what is new in the configuration that was adopted. What cannot be bound yet is missing, and not said: see ``closeOld()``.
    ///
    /// - Parameter handed: gives the socket of a listener where another one has let go of it.
    func openNew(handed: (Listener) -> Int32?) -> EventLoopFuture<Void> {
        let wanted = Set(server.listeners.map(\.endpoint))
        missing.removeAll { !wanted.contains($0.listener.endpoint) }
        let known = Set((listeners.map(\.listener) + missing.map(\.listener)).map(\.endpoint))
        return open(server.listeners.filter { !known.contains($0.endpoint) }.map { ($0, handed($0)) }, saysFailures: false)
    }

    /// Whether an address could not be bound because this account may not.
    var lacksPermission: Bool { missing.contains { $0.cause == .notPermitted } }

    /// Closes what is no more in the configuration. It may have stood in the way of what is missing.
    func closeOld() -> EventLoopFuture<Void> {
        let wanted = Set(server.listeners.map(\.endpoint))
        let old = listeners.filter { !wanted.contains($0.listener.endpoint) }
        listeners.removeAll { !wanted.contains($0.listener.endpoint) }
        absent.formIntersection(wanted)
        for (listener, _) in old { log.notice("listens no more", metadata: ["listen": "\(listener.endpoint)"]) }
        return EventLoopFuture.andAllComplete(old.map { $0.channel.close() }, on: eventLoop)
    }

    private func onEveryLoop(_ body: @escaping @Sendable (VirtualServerConnections) -> Void) -> EventLoopFuture<Void> {
        EventLoopFuture.andAllComplete(connections.map { own in own.eventLoop.submit { body(own.value) } }, on: eventLoop)
    }

    /// No new connections.
    ///
    /// - Returns: succeeds when the last has ended, on every event loop.
    func shutDown() -> EventLoopFuture<Void> {
        isShutDown = true
        for (_, channel) in listeners { channel.close(promise: nil) }
        // A loop hears of this after the connections that were accepted before: both come from here.
        return EventLoopFuture.andAllComplete(
            connections.map { own in own.eventLoop.flatSubmit { own.value.shutDown() } }, on: eventLoop)
    }
}
