import CoreLink
import Logging
import NIOCore
import NameResolution
import SMTPServer
import ServiceRuntime
import Topology

/// A front end at work: its virtual servers, and its way to the core. Confined to its event loop.
final class RunningFrontEnd<Role: SubmitRole & SendableMetatype> {
    private let daemon: Daemon
    private let eventLoop: any EventLoop
    private let lookups: ReverseLookups
    private let pool: LinkPool<Role>
    private let notes: RefusalNotes
    private let openTransactions: OpenTransactions
    /// Hears of it when the core takes another configuration, also where no mail comes in.
    private let watch: RevisionWatch<Role>
    private let serves: (VirtualServer) -> Bool
    private let logins: LoginExchanges?
    private let certificates: ServerCertificates
    private var certificateTimer: Scheduled<Void>?
    private var servers: [String: VirtualServerListeners] = [:]
    /// No more in the configuration; they finish what is under way.
    private var closing: [VirtualServerListeners] = []
    private var topology: Topology

    /// - Parameters:
    ///   - serves: which virtual servers are this daemon's.
    ///   - logsIn: whether its clients can log in.
    /// - Throws: where a certificate cannot be used.
    init(
        _ daemon: Daemon, serving serves: @escaping (VirtualServer) -> Bool, logsIn: Bool, resolver: DNSResolver,
        on eventLoop: any EventLoop
    ) throws {
        (self.daemon, self.serves, self.eventLoop) = (daemon, serves, eventLoop)
        lookups = ReverseLookups(resolver, budgets: daemon.topology.budgets, on: eventLoop)
        topology = daemon.topology
        pool = LinkPool(
            to: LinkAddress(of: Role.name, in: daemon.topology), holder: HolderIdentity.make(),
            revision: daemon.topology.revision, on: eventLoop, maximumConnections: Self.mostTransactions)
        openTransactions = OpenTransactions(capacity: Self.mostTransactions, budgets: daemon.topology.budgets)
        notes = RefusalNotes(pool: pool)
        watch = RevisionWatch(
            to: LinkAddress(of: Role.name, in: daemon.topology), holder: HolderIdentity.make(),
            revision: daemon.topology.revision, on: eventLoop)
        let (lifecycle, log) = (daemon.lifecycle, daemon.log)
        watch.onRevisionDiffers = { _ in lifecycle.requestReload() }
        watch.onChange = { error in
            if let error {
                log.warning("the core cannot be reached: clients are told to come back", metadata: ["error": "\(error)"])
            } else {
                log.info("connected to the core")
            }
        }
        logins =
            logsIn
            ? LoginExchanges(
                links: LinkPool(
                    to: LinkAddress(of: .login, in: daemon.topology), holder: HolderIdentity.make(), revision: daemon.topology.revision,
                    on: eventLoop, maximumConnections: LoginExchanges.capacity + 100), budgets: daemon.topology.budgets) : nil
        logins?.follow(watch)
        let own = daemon.topology.virtualServers.filter(serves)
        certificates = try ServerCertificates(daemon.topology, of: own, log: daemon.log)
        for server in own { servers[server.name] = make(server) }
    }

    /// Connections to the core, each with a transaction: as many as a virtual server has connections with clients by default, and more than
    /// one network gets of these. The core admits some more than that.
    private static var mostTransactions: Int { 2 * ConnectionSettings.defaultLimit }

    private func make(_ server: VirtualServer) -> VirtualServerListeners {
        VirtualServerListeners(
            server, topology: topology, transport: certificates.context(of: server),
            link: .init(pool: pool, notes: notes, openTransactions: openTransactions, logins: logins),
            lookups: lookups, on: eventLoop, log: daemon.log)
    }

    /// How often files of certificates are looked at.
    private static var certificateInterval: TimeAmount { .seconds(10) }

    private func lookAgain() {
        certificateTimer = eventLoop.assumeIsolated().scheduleTask(in: Self.certificateInterval) { [weak self] in
            self?.lookAtCertificates()
            self?.lookAgain()
        }
    }

    private func lookAtCertificates() { certificates.poll(topology.virtualServers.filter(serves)) }

    func listen() -> EventLoopFuture<Void> {
        let (log, role) = (daemon.log, daemon.role)
        let addresses = topology.virtualServers.filter(serves).flatMap(\.listeners).map(\.description)
        let inherited = daemon.inherited
        return EventLoopFuture.andAllSucceed(servers.values.map { $0.listen(inherited) }, on: eventLoop).flatMapThrowing {
            try inherited.expectNoneLeft()
            log.notice("\(role.rawValue) is ready", metadata: ["listen": "\(addresses.joined(separator: " "))"])
        }
    }

    /// Begins to look at the core and at the certificates, as the account that it has become: the core lets in no other.
    func start() {
        // `postern reload` takes up a renewed certificate as well, at once.
        watch.onReturn = { [weak self] in self?.lookAtCertificates() }
        watch.start()
        lookAtCertificates()
        lookAgain()
    }

    /// - Parameter configuration: what the core runs with, or why it cannot be had.
    func reload(_ configuration: Result<Topology, ConfigurationRefused>) {
        lookAtCertificates()
        switch configuration {
        case .failure(let refused):
            for reason in refused.reasons {
                daemon.log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(reason)"])
            }
        case .success(let new) where new.revision == topology.revision: break
        case .success(let new): adopt(new)
        }
    }

    private func adopt(_ new: Topology) {
        if new.resolver != topology.resolver {
            daemon.log.warning("resolver: a change takes effect with the next start of postern-\(daemon.role.rawValue)")
        }
        topology = new
        openTransactions.adopt(new.budgets)
        lookups.adopt(new.budgets)
        pool.revision = new.revision
        pool.closeIdle()
        logins?.adopt(new.budgets)
        logins?.links.revision = new.revision
        logins?.links.closeIdle()
        watch.adopt(new.revision)
        let remaining = new.virtualServers.filter(serves)
        do {
            try certificates.adopt(new, of: remaining)
        } catch {
            daemon.log.error("certificates: the old ones stay", metadata: ["error": "\(error)"])
        }
        for server in remaining
        where servers[server.name]?.adopt(server, topology: new, transport: certificates.context(of: server)) != true {
            daemon.log.warning(
                "listen: a change takes effect with the next start of postern-\(daemon.role.rawValue)",
                metadata: ["virtual_server": "\(server.name)"])
        }
        for name in Set(servers.keys).subtracting(remaining.map(\.name)) {
            daemon.log.notice("virtual server removed", metadata: ["virtual_server": "\(name)"])
            guard let removed = servers.removeValue(forKey: name) else { continue }
            closing.append(removed)
            removed.shutDown { [self] in closing.removeAll { $0 === removed } }
        }
        daemon.log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
    }

    func drain() -> EventLoopFuture<Void> {
        watch.stop()
        certificateTimer?.cancel()
        let futures = servers.values.map { server in
            let promise = eventLoop.makePromise(of: Void.self)
            server.shutDown { promise.succeed() }
            return promise.futureResult
        }
        return EventLoopFuture.andAllSucceed(futures, on: eventLoop)
    }
}
