import CoreLink
import Logging
import MailVocabulary
import MessageFormat
import NIOCore
import NIOPosix
import NameResolution
import SMTPProtocol
import SMTPServer
import ServiceRuntime
import Topology
import TransportSecurity

#if canImport(Glibc)
    import Glibc
#endif

/// One virtual server: its listeners, and every connection to them. Confined to one event loop.
///
/// Bounded by S01 in connections, by S02 in time, by the limits of the session machine in everything a client can say.
final class VirtualServerListeners {
    private let eventLoop: any EventLoop
    private let log: Logger
    private let link: CoreSide
    private let lookups: ReverseLookups
    private var server: VirtualServer
    private var budgets: BudgetSettings
    /// For connections that begin in clear, and for those that begin with TLS.
    private var contexts: Contexts
    private var handshakes = PendingHandshakes()
    private var control: ConnectionControl
    private var listeners: [(listener: Listener, channel: any Channel)] = []
    private var warnings = RefusalWarnings()
    /// Of those that count: what ends them when they have to make room.
    private var admitted: [ObjectIdentifier: any Channel] = [:]
    private var handlers: [ObjectIdentifier: SMTPServerHandler] = [:]
    /// Also those that have no session yet.
    private var openConnections = 0
    private var isShuttingDown = false
    private var whenEmpty: (() -> Void)?

    /// What all virtual servers of the daemon have in common.
    struct CoreSide {
        let pool: any SubmitPool
        let notes: RefusalNotes
        let openTransactions: OpenTransactions
        /// The way to `postern-auth`; nil where nobody can log in.
        let logins: LoginExchanges?
    }

    private struct Contexts {
        let clear: SMTPServerContext
        let implicit: SMTPServerContext
    }

    init(
        _ server: VirtualServer, topology: Topology, transport: CurrentServerContext?, link: CoreSide, lookups: ReverseLookups,
        on eventLoop: any EventLoop, log: Logger
    ) {
        (self.server, self.link, self.lookups, self.eventLoop, self.log) = (server, link, lookups, eventLoop, log)
        budgets = topology.budgets
        control = ConnectionControl(server.connections, budgets: topology.budgets)
        contexts = Self.contexts(server, topology, transport, link, log)
    }

    private static func contexts(
        _ server: VirtualServer, _ topology: Topology, _ transport: CurrentServerContext?, _ link: CoreSide, _ log: Logger
    ) -> Contexts {
        Contexts(
            clear: SMTPServerContext(server, startsWithTLS: false, topology: topology, transport: transport, link: link, log: log),
            implicit: SMTPServerContext(server, startsWithTLS: true, topology: topology, transport: transport, link: link, log: log))
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

    /// Connections that wait to be accepted, as far as the kernel allows it (`net.core.somaxconn`).
    private static var backlog: Int32 { 1024 }

    private func bootstrap(_ listener: Listener) -> ServerBootstrap {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        return ServerBootstrap(group: eventLoop)
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
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel, startsWithTLS: listener.implicitTLS) }
            }
    }

    /// Uses another configuration for connections from now on; those that are open keep theirs.
    ///
    /// - Returns: whether these are the addresses that it listens on, which cannot change while the process runs.
    func adopt(_ server: VirtualServer, topology: Topology, transport: CurrentServerContext?) -> Bool {
        let isSame = Set(server.listeners.map(\.endpoint)) == Set(listeners.map(\.listener.endpoint))
        self.server = server
        budgets = topology.budgets
        control = ConnectionControl(server.connections, budgets: budgets, carryingOver: control)
        contexts = Self.contexts(server, topology, transport, link, log)
        return isSame
    }

    /// No new connections; the completion is called when the last has ended.
    func shutDown(_ completion: @escaping () -> Void) {
        isShuttingDown = true
        whenEmpty = completion
        for (_, channel) in listeners { channel.close(promise: nil) }
        for handler in Array(handlers.values) { handler.shutDown() }
        if openConnections == 0 { finishShutDown() }
    }

    private func finishShutDown() {
        let completion = whenEmpty
        whenEmpty = nil
        completion?()
    }

    private func accept(_ channel: any Channel, startsWithTLS: Bool) throws {
        guard let address = channel.remoteAddress.flatMap({ IPAddress($0) }) else { throw ChannelError.unknownLocalAddress }
        let id = ObjectIdentifier(channel)
        var refusal: ConnectionRefusal?
        switch control.admit(id, from: address, at: .now()) {
        case .refused(let reason): refusal = reason
        case .admitted(let other):
            admitted[id] = channel
            if let other { makeRoom(other) }
        }
        openConnections += 1
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in
            if refusal == nil { control.ended(id) }
            admitted[id] = nil
            handlers[id] = nil
            openConnections -= 1
            if isShuttingDown, openConnections == 0 { finishShutDown() }
        }
        // Nobody is greeted, or told why not, before the connection stands; and who speaks before that is seen.
        let gate = ConnectionGate { [self, refusal] gate in
            if refusal == nil, server.reverseDNS.lookup {
                let lookup = lookups.verify(address, within: Self.lookupDeadline) { [self] result in
                    let refusal = control.check(address, result) ?? self.refusal(after: result)
                    begin(channel, gate, ClientFacts(address: address, reverseLookup: ReverseLookup(result)), startsWithTLS, refusal)
                }
                channel.closeFuture.assumeIsolated().whenComplete { [lookups] _ in lookups.cancel(lookup) }
            } else {
                eventLoop.assumeIsolated().scheduleTask(in: Self.earlyTalkDelay) { [self] in
                    begin(channel, gate, ClientFacts(address: address, reverseLookup: .notAsked), startsWithTLS, refusal)
                }
            }
        }
        try channel.pipeline.syncOperations.addHandler(gate)
    }

    /// Ends the connection that has brought no mail for longest.
    private func makeRoom(_ id: ObjectIdentifier) {
        guard let channel = admitted.removeValue(forKey: id) else { return }
        if let handler = handlers[id] { handler.refuse(ConnectionControl.idleLongest, by: nil) } else { channel.close(promise: nil) }
    }

    /// Long enough that the loop looks once for what the client has sent already; a client that waits for its banner does not notice.
    private static let earlyTalkDelay = TimeAmount.microseconds(500)

    /// How long reverse DNS may hold a client up (S15: a slow DNS delays, never loses mail). Well within the five minutes that a
    /// client waits for the banner (RFC 5321 §4.5.3.2.1).
    private static let lookupDeadline = Duration.seconds(10)

    /// The checks are done: the session begins, if only to say why it ends.
    private func begin(
        _ channel: any Channel, _ gate: ConnectionGate, _ client: ClientFacts, _ startsWithTLS: Bool, _ refusal: ConnectionRefusal?
    ) {
        guard channel.isActive else { return }
        let handler = SMTPServerHandler(context: startsWithTLS ? contexts.implicit : contexts.clear, client: client)
        do {
            if startsWithTLS { try addTLS(to: channel, client) }
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            return channel.close(promise: nil)
        }
        let id = ObjectIdentifier(channel)
        handlers[id] = handler
        handler.onProgress = { [weak self] in self?.control.progressed(id, at: .now()) }
        handler.onStartTLS = { [self, weak channel, weak handler] in
            guard let channel, let handler else { return }
            do {
                try channel.pipeline.syncOperations.addHandler(watchHandshake(of: channel), position: .before(handler))
            } catch {
                // A channel that takes no handler is closing.
                handshakes.ended(channel)
            }
        }
        if isShuttingDown { handler.shutDown() }
        gate.open { [self] in
            if let refusal {
                if refusal.rule == nil { say(refusal, client.address) }
                handler.refuse(refusal.reply, by: refusal.rule)
            } else {
                handler.greet()
            }
        }
    }

    private func say(_ refusal: ConnectionRefusal, _ client: IPAddress) {
        let network = ClientNetwork(client)
        var metadata: Logger.Metadata = [
            "client": "\(client)", "virtual_server": "\(server.name)", "reply": "\(refusal.reply)",
        ]
        guard refusal.isForNetwork else { return log.info("connection refused", metadata: metadata) }
        switch warnings.refused(network, at: .now()) {
        case .first:
            metadata["advice"] =
                "connections.limit_per_network is the limit; budgets.larger and budgets.exempt are for NAT and load balancers"
            log.warning("connection refused: its network has as many as it may have", metadata: metadata)
        case .again(let refusals):
            metadata["refusals"] = "\(refusals)"
            log.info("connections refused: their network has as many as it may have", metadata: metadata)
        case nil: break
        }
    }

    private func addTLS(to channel: any Channel, _ client: ClientFacts) throws {
        guard let transport = contexts.implicit.transport else { throw ChannelError.operationUnsupported }
        try channel.pipeline.syncOperations.addHandlers(TLSHandler(server: transport.value), watchHandshake(of: channel))
    }

    /// Who does not get on with the handshake gives way to those who come after.
    private func watchHandshake(of channel: any Channel) -> HandshakeEnd {
        if let most = server.connections.limit.map({ max(1, $0 / 2) }), handshakes.count >= most { handshakes.closeOldest() }
        handshakes.began(channel)
        return HandshakeEnd { [self, weak channel] in channel.map { handshakes.ended($0) } }
    }

    /// S15: what `on_failure` makes of a lookup. A DNS that does not answer never rejects.
    private func refusal(after result: ReverseDNSResult) -> ConnectionRefusal? {
        switch (result, server.reverseDNS.onFailure) {
        case (.pass, _), (_, .annotate): nil
        case (.temperror, _): ConnectionControl.nameUnknown
        case (.fail, .defer), (.permerror, .defer):
            ConnectionRefusal(Reply(421, "4.7.25", "Your address has no confirmed host name, try again later"))
        case (.fail, .reject), (.permerror, .reject):
            ConnectionRefusal(Reply(554, "5.7.25", "Your address has no confirmed host name"), by: .hostName)
        }
    }
}

extension ReverseLookup {
    init(_ result: ReverseDNSResult) {
        self =
            switch result {
            case .pass(let name): .confirmed(name)
            case .fail(_, let names): names.first.map { .unconfirmed($0) } ?? .noName
            case .permerror: .noName
            case .temperror: .temporaryError
            }
    }
}

extension IPAddress {
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            self.init(ipv4: UInt32(bigEndian: address.address.sin_addr.s_addr))
        case .v6(let address):
            let octets = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            guard let parsed = IPAddress(octets: octets) else { return nil }
            self = parsed
        case .unixDomainSocket: return nil
        }
    }
}
