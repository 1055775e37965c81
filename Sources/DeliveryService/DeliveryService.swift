import CoreLink
import LeasedDelivery
import Logging
import MailVocabulary
import NIOCore
import NameResolution
import Routing
import SMTPClient
import Topology
import TransportSecurity

/// Outbound mail: leases work for the next hops of `dns` and `smart_hosts` connectors, and carries it there.
///
/// Confined to one event loop. Trusts the core for where mail goes; decides by DNS and the configuration only how to get there.
public final class DeliveryService {
    private let eventLoop: any EventLoop
    private let log: Logger
    private let resolver: DNSResolver
    private var topology: Topology
    private var security: ConnectorSecurity
    private let machine: MachineAddresses
    private var lookingAgain: RepeatedTask?
    private var holder: LeaseHolder<DeliveryLink>!
    private var worker: HopWorker<DeliveryLink>!
    /// Why the configuration that the core runs with was not taken up; empty where it was.
    private var refusals: [String] = []
    /// What of `resolver` could not be taken up.
    private var resolverFaults: [String] = []
    /// What is done of a configuration only after the next start, a sentence for each.
    public var takingRestart: (Topology) -> [String] = { _ in [] }
    /// Called when the core runs with another revision of the configuration.
    public var onRevisionDiffers: (String) -> Void = { _ in }

    /// - Parameters:
    ///   - security: of this topology.
    ///   - holderID: names this process for as long as it lives; random.
    ///   - machineAddresses: asks the system for those of this machine's interfaces, to find loops by (RFC 5321 §5.1).
    /// - Throws: ``ResolverError``, or what `machineAddresses` throws.
    public init(
        topology: Topology, security: ConnectorSecurity, holderID: UInt64, machineAddresses: @escaping () throws -> Set<IPAddress>,
        on eventLoop: any EventLoop, log: Logger
    ) throws {
        (self.topology, self.security, self.eventLoop, self.log) = (topology, security, eventLoop, log)
        machine = try MachineAddresses(
            failed: {
                log.error("the addresses of this machine cannot be listed: loops are transient failures", metadata: ["error": "\($0)"])
            },
            read: machineAddresses)
        resolver = try DNSResolver(settings: ResolverSettings(of: topology))
        worker = HopWorker(on: eventLoop, log: log) { [unowned self] work in resolve(work) }
        holder = LeaseHolder(
            settings: .init(
                to: LinkAddress(of: .delivery, in: topology), holder: holderID, revision: topology.revision),
            on: eventLoop, log: { [log] in log.notice("\($0)") },
            onWork: { [worker = worker!] in worker.begin($0, $1, $2) }, onIdle: { [worker = worker!] in worker.close($0) },
            onRevoked: { [worker = worker!] in worker.abort($0) })
        holder.onRevisionDiffers = { [unowned self] in onRevisionDiffers($0) }
        holder.report = { [unowned self] in
            DaemonReport(
                revision: refusals.isEmpty ? self.topology.revision : holder.coreRevision ?? self.topology.revision,
                undone: refusals + resolverFaults + takingRestart(self.topology))
        }
    }

    public func start() {
        resolver.logNotes(to: log)
        let (resolver, log) = (resolver, log)
        lookingAgain = eventLoop.scheduleRepeatedTask(initialDelay: Self.lookInterval, delay: Self.lookInterval) { _ in
            resolver.followFiles(log: log)
        }
        holder.start()
    }

    /// How often files that name name servers and hosts are looked at.
    private static let lookInterval = TimeAmount.seconds(2)

    /// Asks for no more work; the completion is called when what is under way is reported and recorded.
    public func drain(_ completion: @escaping () -> Void) {
        lookingAgain?.cancel()
        holder.drain(completion)
    }

    /// Uses another configuration from the next piece of work on.
    ///
    /// - Parameter security: of this topology.
    public func adopt(_ topology: Topology, security: ConnectorSecurity) {
        resolverFaults = resolver.adopt(topology, log: log)
        if topology.revision != self.topology.revision { for sentence in takingRestart(topology) { log.warning("\(sentence)") } }
        (self.topology, self.security) = (topology, security)
        worker.configurationChanged()
        holder.settings.revision = topology.revision
        refusals = []
        holder.sayReport()
    }

    /// The configuration that the core runs with cannot be taken up; the old one stays.
    ///
    /// - Parameter undone: why, a sentence for each reason; the core is told.
    public func refuse(_ undone: [String]) {
        refusals = undone
        holder.sayReport()
    }

    private func resolve(_ work: LeasedWork) -> EventLoopFuture<HopResolution> {
        let nextHop = NextHop(parsing: work.nextHop)
        if case .unknownTo(let domain)? = nextHop, let host = topology.unknownRecipientsHost(of: domain) {
            return plan([host], nil, topology.defaultOutboundProfile)
        }
        guard let connector = topology.connector(named: work.connector), let nextHop else {
            return eventLoop.makeSucceededFuture(
                .failure(Reply(451, "4.3.5", "postern-delivery has not yet read the configuration with connector '\(work.connector)'")))
        }
        let profile = topology.outboundProfile(of: connector)
        switch (connector.deliver, nextHop) {
        case (.dns, .domain(let domain)): return plan(.domain(domain), connector, profile)
        case (.dns, .address(let address)): return plan(.addressLiteral(address), connector, profile)
        case (.smartHosts(let hosts, _), .smartHosts): return plan(hosts, connector, profile)
        case (.smartHosts(let hosts, directFirst: true), .directFirst(let domain)):
            return plan(domain, before: hosts, connector, profile)
        default:
            return eventLoop.makeSucceededFuture(
                .failure(Reply(451, "4.3.5", "a reload changed connector '\(work.connector)': its mail is routed again")))
        }
    }

    /// The hosts of the recipient's domain, and behind them the smart hosts, which also get what the DNS knows no way for (E13).
    private func plan(
        _ domain: MailDomain, before hosts: [SmartHost], _ connector: Connector, _ profile: OutboundProfile
    ) -> EventLoopFuture<HopResolution> {
        let destination: NextHopDestination =
            switch domain {
            case .name(let name): .domain(name)
            case .literal(let address): .addressLiteral(address)
            }
        return plan(destination, connector, profile).and(plan(hosts, connector, profile)).map { direct, smart in
            guard case .plan(let first) = direct else { return smart }
            guard case .plan(let second) = smart else { return direct }
            return .plan(
                HopPlan(
                    candidates: first.candidates + second.candidates, source: first.source,
                    messagesPerConnection: first.messagesPerConnection))
        }
    }

    /// A smart host that there is no way to, for whoever wrote its name.
    static func unusable(_ host: SmartHost, _ reply: Reply) -> Reply {
        let why =
            switch reply.status {
            case EnhancedStatusCode(5, 1, 2): "is not in the DNS"
            case EnhancedStatusCode(5, 4, 6): "is this system itself: mail for it would loop"
            default: "cannot be used: \(reply.lines.joined(separator: " "))"
            }
        return Reply(451, "4.4.3", "the smart host \(host.host) \(why)")
    }

    /// The smart hosts in the order of the file; each is asked only when those before it have no address.
    private func plan(_ hosts: [SmartHost], _ connector: Connector?, _ profile: OutboundProfile) -> EventLoopFuture<HopResolution> {
        let resolutions = hosts.map { plan(NextHopDestination($0), at: $0, connector, profile) }
        return EventLoopFuture.whenAllSucceed(resolutions, on: eventLoop).map { found in
            var candidates: [HopPlan.Candidate] = []
            var plan: HopPlan?
            var failure = Reply(451, "4.4.3", "no smart host has an address")
            for (host, resolution) in zip(hosts, found) {
                switch resolution {
                case .plan(let one):
                    candidates += one.candidates
                    plan = plan ?? one
                // A smart host is our own administrator's word: that its name is gone is repaired, not reported to senders.
                case .failure(let reply): failure = reply.isPermanentFailure ? Self.unusable(host, reply) : reply
                }
            }
            guard let plan else { return .failure(failure) }
            return .plan(
                HopPlan(candidates: candidates, source: plan.source, messagesPerConnection: plan.messagesPerConnection))
        }
    }

    /// - Parameter smartHost: the one that the destination is; nil for what the DNS, or a stranger, has named, and where nobody logs in.
    private func plan(
        _ destination: NextHopDestination, at smartHost: SmartHost? = nil, _ connector: Connector?, _ profile: OutboundProfile
    ) -> EventLoopFuture<HopResolution> {
        let families = AddressFamilies(profile.source.family)
        let port = smartHost?.port ?? profile.connections.port
        let ourself = OwnListeners(of: topology, machine: machine.known()).identity(names: [topology.hostname], port: port)
        let source = SourceAddresses(ipv4: profile.source.ipv4, ipv6: profile.source.ipv6)
        let messagesPerConnection = profile.connections.messagesPerConnection
        let (ourName, security) = (topology.hostname, self.security)
        let login = smartHost.flatMap { security.login(of: connector, at: $0.host) }
        return NextHopResolver(resolver: resolver, ourself: ourself, families: families).resolve(destination, on: eventLoop).map {
            switch $0 {
            case .failure(let reply): .failure(reply)
            case .candidates(let candidates):
                .plan(
                    HopPlan(
                        candidates: candidates.map { candidate in
                            let endpoint = SMTPClientEndpoint.tcp(candidate.address, port: port)
                            let name = candidate.host.map { "\($0) (\(endpoint))" } ?? "\(endpoint)"
                            let peer = candidate.host.map { PeerReference.host($0) } ?? .address(candidate.address)
                            return HopPlan.Candidate(
                                endpoint: endpoint, host: candidate.host?.text ?? candidate.address.literal, name: name,
                                settings: SMTPClientSettings(
                                    ourName: .name(ourName), useHELO: connector?.helo ?? false,
                                    tls: security.tls(of: connector, to: peer), login: login,
                                    timeouts: SMTPClientTimeouts(idle: profile.connections.timeout)))
                        }, source: source, messagesPerConnection: messagesPerConnection))
            }
        }
    }
}

extension OwnListeners {
    fileprivate init(of topology: Topology, machine: MachineAddresses.Known) {
        self.init(topology.virtualServers.filter(\.isEdge).flatMap(\.listeners), machine: machine)
    }
}
