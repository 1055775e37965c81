import CoreLink
import Logging
import MailVocabulary
import MessageFormat
import NIOCore
import NameResolution
import SMTPProtocol
import SMTPServer
import Topology
import TransportSecurity

/// The connections of one virtual server on one event loop. Confined to that loop.
///
/// Bounded by S01 in connections, over all loops; by S02 in time; by the limits of the session machine in everything a client can say.
final class VirtualServerConnections {
    private let eventLoop: any EventLoop
    private let log: Logger
    private let side: CoreSide
    private var server: VirtualServer
    /// For connections that begin in clear, and for those that begin with TLS.
    private var contexts: Contexts
    private let budgets: VirtualServerBudgets
    private let control: ConnectionControl
    private let handshakes: CrossLoopPool.Part
    private var handlers: [ObjectIdentifier: SMTPServerHandler] = [:]
    /// Also those that have no session yet.
    private var openConnections = 0
    /// Set when no more come.
    private var lastEnd: EventLoopPromise<Void>?

    /// What all virtual servers of the daemon have in common on one event loop.
    struct CoreSide {
        let pool: any SubmitPool
        let notes: RefusalNotes
        let openTransactions: OpenTransactions
        /// The way to `postern-auth`; nil where nobody can log in.
        let logins: LoginExchanges?
        let lookups: ReverseLookups
    }

    private struct Contexts {
        let clear: SMTPServerContext
        let implicit: SMTPServerContext
    }

    /// On the event loop.
    init(
        _ server: VirtualServer, topology: Topology, transport: CurrentServerContext?, budgets: VirtualServerBudgets, side: CoreSide,
        on eventLoop: any EventLoop, log: Logger
    ) {
        eventLoop.preconditionInEventLoop()
        (self.server, self.budgets, self.side, self.eventLoop, self.log) = (server, budgets, side, eventLoop, log)
        control = ConnectionControl(server.connections, in: budgets.connections, on: eventLoop)
        handshakes = budgets.handshakes.part(on: eventLoop)
        contexts = Self.contexts(server, topology, transport, side, log)
    }

    private static func contexts(
        _ server: VirtualServer, _ topology: Topology, _ transport: CurrentServerContext?, _ side: CoreSide, _ log: Logger
    ) -> Contexts {
        Contexts(
            clear: SMTPServerContext(server, startsWithTLS: false, topology: topology, transport: transport, side: side, log: log),
            implicit: SMTPServerContext(server, startsWithTLS: true, topology: topology, transport: transport, side: side, log: log))
    }

    /// Uses another configuration for connections from now on; those that are open keep theirs.
    func adopt(_ server: VirtualServer, topology: Topology, transport: CurrentServerContext?) {
        self.server = server
        control.adopt(server.connections)
        contexts = Self.contexts(server, topology, transport, side, log)
    }

    /// No more connections come: those that are open end as soon as they have brought what they are at.
    ///
    /// - Returns: succeeds when the last has ended.
    func shutDown() -> EventLoopFuture<Void> {
        if let lastEnd { return lastEnd.futureResult }
        let promise = eventLoop.makePromise(of: Void.self)
        lastEnd = promise
        for handler in Array(handlers.values) { handler.shutDown() }
        if openConnections == 0 { promise.succeed() }
        return promise.futureResult
    }

    /// A connection has been accepted for this loop.
    func accept(_ channel: any Channel, startsWithTLS: Bool) throws {
        guard let address = channel.remoteAddress.flatMap({ IPAddress($0) }) else { throw ChannelError.unknownLocalAddress }
        let id = ObjectIdentifier(channel)
        var (refusal, place): (ConnectionRefusal?, CrossLoopPool.Place?)
        switch control.admit(from: address, end: { [weak self, weak channel] in channel.map { self?.makeRoom($0) } }) {
        case .refused(let reason): refusal = reason
        case .admitted(let admitted): place = admitted
        }
        openConnections += 1
        channel.closeFuture.assumeIsolated().whenComplete { [self, place] _ in
            if let place { control.ended(place) }
            handlers[id] = nil
            openConnections -= 1
            if openConnections == 0 { lastEnd?.succeed() }
        }
        // Nobody is greeted, or told why not, before the connection stands; and who speaks before that is seen.
        let gate = ConnectionGate { [self, refusal, place] gate in
            let (lookups, accepted) = (side.lookups, Accepted(channel: channel, startsWithTLS: startsWithTLS, place: place))
            if refusal == nil, server.reverseDNS.lookup {
                let lookup = lookups.verify(address, within: Self.lookupDeadline) { [self] result in
                    let refusal = control.check(address, result) ?? self.refusal(of: address, after: result)
                    begin(accepted, gate, ClientFacts(address: address, reverseLookup: ReverseLookup(result)), refusal)
                }
                channel.closeFuture.assumeIsolated().whenComplete { [lookups] _ in lookups.cancel(lookup) }
            } else {
                eventLoop.assumeIsolated().scheduleTask(in: Self.earlyTalkDelay) { [self] in
                    begin(accepted, gate, ClientFacts(address: address, reverseLookup: .notAsked), refusal)
                }
            }
        }
        try channel.pipeline.syncOperations.addHandler(gate)
    }

    private struct Accepted {
        let channel: any Channel
        let startsWithTLS: Bool
        /// Among the connections that count; nil for one that is refused.
        let place: CrossLoopPool.Place?
    }

    /// Ends the connection that has brought no mail for longest.
    private func makeRoom(_ channel: any Channel) {
        if let handler = handlers[ObjectIdentifier(channel)] {
            handler.refuse(ConnectionControl.idleLongest, by: nil)
        } else {
            channel.close(promise: nil)
        }
    }

    /// Long enough that the loop looks once for what the client has sent already; a client that waits for its banner does not notice.
    private static let earlyTalkDelay = TimeAmount.microseconds(500)

    /// How long reverse DNS may hold a client up (S15: a slow DNS delays, never loses mail). Well within the five minutes that a
    /// client waits for the banner (RFC 5321 §4.5.3.2.1).
    private static let lookupDeadline = Duration.seconds(10)

    /// The checks are done: the session begins, if only to say why it ends.
    private func begin(_ accepted: Accepted, _ gate: ConnectionGate, _ client: ClientFacts, _ refusal: ConnectionRefusal?) {
        let channel = accepted.channel
        guard channel.isActive else { return }
        let handler = SMTPServerHandler(context: accepted.startsWithTLS ? contexts.implicit : contexts.clear, client: client)
        do {
            if accepted.startsWithTLS { try addTLS(to: channel, client) }
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            return channel.close(promise: nil)
        }
        handlers[ObjectIdentifier(channel)] = handler
        if let place = accepted.place { handler.onProgress = { [control] in control.progressed(place) } }
        handler.onStartTLS = { [weak self, weak channel, weak handler] in
            guard let self, let channel, let handler else { return }
            // A channel that takes no handler is closing: then the handshake is over as well.
            try? channel.pipeline.syncOperations.addHandler(watchHandshake(of: channel, client), position: .before(handler))
        }
        if lastEnd != nil { handler.shutDown() }
        gate.open { [self] in
            if let refusal {
                if refusal.isForNetwork { say(refusal, client.address) }
                handler.refuse(refusal.reply, by: refusal.rule, isLogged: refusal.isForNetwork)
            } else {
                handler.greet()
            }
        }
    }

    /// One line a minute for each network: the others are counted in it.
    private func say(_ refusal: ConnectionRefusal, _ client: IPAddress) {
        var metadata: Logger.Metadata = [
            "client": "\(client)", "virtual_server": "\(server.name)", "reply": "\(refusal.reply)",
        ]
        switch budgets.refused(ClientNetwork(client)) {
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
        try channel.pipeline.syncOperations.addHandlers(TLSHandler(server: transport.value), watchHandshake(of: channel, client))
    }

    /// Who does not get on with the handshake gives way to those who come after.
    private func watchHandshake(of channel: any Channel, _ client: ClientFacts) -> HandshakeEnd {
        let admission = handshakes.admit(from: ClientNetwork(client.address)) { [weak channel] in channel?.close(promise: nil) }
        // Neither is there a limit for a network, nor is any of them safe from making room.
        guard case .admitted(let place) = admission else { return HandshakeEnd {} }
        // Also where the channel takes no handler any more.
        channel.closeFuture.assumeIsolated().whenComplete { [handshakes] _ in handshakes.leave(place) }
        return HandshakeEnd { [handshakes] in handshakes.leave(place) }
    }

    /// S15: what `on_failure` makes of a lookup: of the PTR record and its confirmation alone. The name of the greeting is no reason (RFC 5321
    /// §4.1.4), and a DNS that does not answer never rejects.
    private func refusal(of address: IPAddress, after result: ReverseDNSResult) -> ConnectionRefusal? {
        switch (result, server.reverseDNS.onFailure) {
        case (.pass, _), (_, .annotate): nil
        case (.temperror, _): ConnectionControl.nameUnknown
        case (.fail, .defer), (.permerror, .defer):
            ConnectionRefusal(Reply(421, "4.7.25", "\(address) has no host name that leads back to it; try again when it has one"))
        case (.fail, .reject), (.permerror, .reject):
            ConnectionRefusal(Reply(550, "5.7.25", "\(address) has no host name that leads back to it"), by: .hostName)
        }
    }
}
