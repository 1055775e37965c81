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

/// One virtual server of the edge: its listeners, and every connection to them. Confined to one event loop.
///
/// Bounded by S01 in connections, by S02 in time, by the limits of the session machine in everything a client can say.
final class EdgeVirtualServer {
    private let eventLoop: any EventLoop
    private let log: Logger
    private let pool: LinkPool<EdgeLink>
    private let resolver: DNSResolver
    private var server: VirtualServer
    private var context: SMTPServerContext
    private var control: ConnectionControl
    private var listeners: [(listener: Listener, channel: any Channel)] = []
    private var handlers: [ObjectIdentifier: SMTPServerHandler] = [:]
    private var isShuttingDown = false
    private var whenEmpty: (() -> Void)?

    init(
        _ server: VirtualServer, topology: Topology, pool: LinkPool<EdgeLink>, resolver: DNSResolver, on eventLoop: any EventLoop,
        log: Logger
    ) {
        (self.server, self.pool, self.resolver, self.eventLoop, self.log) = (server, pool, resolver, eventLoop, log)
        control = ConnectionControl(server.connections)
        context = SMTPServerContext(server, topology: topology, pool: pool)
    }

    /// Listens on every address of the configuration.
    func listen() -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let futures = server.listeners.map { listener in
            bind(listener).map { bound.value.listeners.append((listener, $0)) }
        }
        return EventLoopFuture.andAllSucceed(futures, on: eventLoop)
    }

    struct CannotListen: Error, CustomStringConvertible {
        let listener: Listener
        let reason: String
        var description: String { "cannot listen on \(listener) (\(listener.location)): \(reason)" }
    }

    private func bind(_ listener: Listener) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        var bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 16 * 1024, high: 64 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel) }
            }
        if listener.address.family == .ipv6 {
            // So that [::]:25 stands beside 0.0.0.0:25.
            bootstrap = bootstrap.serverChannelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
        }
        return bootstrap.bind(host: "\(listener.address)", port: listener.port).flatMapErrorThrowing { error in
            throw CannotListen(listener: listener, reason: SystemReason.text(of: error))
        }
    }

    /// Uses another configuration for connections from now on; those that are open keep theirs.
    ///
    /// - Returns: whether the listeners are the same, which cannot change while the process runs.
    func adopt(_ server: VirtualServer, topology: Topology) -> Bool {
        let isSame = Set(server.listeners.map(\.description)) == Set(self.server.listeners.map(\.description))
        self.server = server
        control = ConnectionControl(server.connections, carryingOver: control)
        context = SMTPServerContext(server, topology: topology, pool: pool)
        return isSame
    }

    /// No new connections; the completion is called when the last has ended.
    func shutDown(_ completion: @escaping () -> Void) {
        isShuttingDown = true
        whenEmpty = completion
        for (_, channel) in listeners { channel.close(promise: nil) }
        for handler in Array(handlers.values) { handler.shutDown() }
        if handlers.isEmpty { finishShutDown() }
    }

    private func finishShutDown() {
        let completion = whenEmpty
        whenEmpty = nil
        completion?()
    }

    private func accept(_ channel: any Channel) throws {
        guard let address = channel.remoteAddress.flatMap({ IPAddress($0) }) else { throw ChannelError.unknownLocalAddress }
        let refusal = control.admit(address)
        let facts: (ReverseLookup) -> ClientFacts = { ClientFacts(address: address, reverseLookup: $0) }
        guard refusal == nil, server.reverseDNS.lookup else {
            let handler = try add(channel, facts(.notAsked), isCounted: refusal == nil)
            start(handler, refusal: refusal, address)
            return
        }
        // The lookup comes first: until it is done the connection waits, without a handler that would keep what an early talker says.
        let gate = Gate()
        try channel.pipeline.syncOperations.addHandler(gate)
        ReverseDNS(resolver: resolver).verify(address, within: Self.lookupDeadline, on: eventLoop).assumeIsolated().whenSuccess {
            [self] result in
            guard channel.isActive else { return control.ended(address) }
            let lookup = ReverseLookup(result)
            let refusal = control.check(address, confirmedHostName: lookup.confirmedName) ?? self.refusal(after: result)
            do {
                let handler = try add(channel, facts(lookup), isCounted: true)
                gate.open(beforehand: { [self] in start(handler, refusal: refusal, address) })
            } catch {
                control.ended(address)
                channel.close(promise: nil)
            }
        }
    }

    /// How long reverse DNS may hold a client up (S15: a slow DNS delays, never loses mail). Well within the five minutes that a
    /// client waits for the banner (RFC 5321 §4.5.3.2.1).
    private static let lookupDeadline = Duration.seconds(10)

    private func add(_ channel: any Channel, _ facts: ClientFacts, isCounted: Bool) throws -> SMTPServerHandler {
        var key: ObjectIdentifier?
        let handler = SMTPServerHandler(context: context, client: facts) { [weak self] in
            guard let self, let key else { return }
            handlers[key] = nil
            if isCounted { control.ended(facts.address) }
            if isShuttingDown, handlers.isEmpty { finishShutDown() }
        }
        key = ObjectIdentifier(handler)
        handlers[ObjectIdentifier(handler)] = handler
        try channel.pipeline.syncOperations.addHandler(handler)
        return handler
    }

    private func start(_ handler: SMTPServerHandler, refusal: Reply?, _ address: IPAddress) {
        if let refusal {
            log.info("connection refused", metadata: ["client": "\(address)", "virtual_server": "\(server.name)", "reply": "\(refusal)"])
            handler.refuse(refusal)
        } else {
            handler.greet()
        }
    }

    /// S15: what `on_failure` makes of a lookup. A DNS that does not answer never rejects.
    private func refusal(after result: ReverseDNSResult) -> Reply? {
        switch (result, server.reverseDNS.onFailure) {
        case (.pass, _), (_, .annotate): nil
        case (.temperror, _): Reply(421, "4.4.3", "Your host name cannot be looked up now, try again later")
        case (.fail, .defer), (.permerror, .defer): Reply(421, "4.7.25", "Your address has no confirmed host name, try again later")
        case (.fail, .reject), (.permerror, .reject): Reply(554, "5.7.25", "Your address has no confirmed host name")
        }
    }
}

/// Holds a connection until its checks are done: what the client says meanwhile waits in the kernel, but for one read.
private final class Gate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var early: ByteBuffer?
    private var wantsRead = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        // One read, so that an early talker is seen, and a client that hangs up.
        if early == nil { context.read() } else { wantsRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if early == nil { early = bytes } else { early?.writeBuffer(&bytes) }
    }

    /// The checks are done: what came early goes first, as it must be seen before the banner is said.
    func open(beforehand: () -> Void) {
        guard let context else { return }
        if let early {
            self.early = nil
            context.fireChannelRead(wrapInboundOut(early))
            context.fireChannelReadComplete()
        }
        beforehand()
        let (pipeline, wantsRead) = (context.pipeline, wantsRead)
        pipeline.syncOperations.removeHandler(context: context, promise: nil)
        if wantsRead { pipeline.read() }
    }
}

extension Gate: RemovableChannelHandler {}

extension SMTPServerContext {
    convenience init(_ server: VirtualServer, topology: Topology, pool: LinkPool<EdgeLink>) {
        self.init(
            virtualServer: server.name, hostname: topology.hostname,
            settings: SMTPServerSettings(
                hostname: topology.hostname, messageSizeLimit: server.limits.messageSize, sessionSizeLimit: server.limits.sessionSize,
                recipientsLimit: server.limits.recipients, messagesPerConnection: server.limits.messagesPerConnection,
                postmasterDomain: topology.defaultDomain),
            idleTimeout: TimeAmount(server.connections.timeout), maximumHops: topology.maximumHops, pool: pool)
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
