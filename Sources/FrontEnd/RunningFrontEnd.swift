import CoreLink
import Logging
import NIOCore
import NIOPosix
import NameResolution
import SMTPServer
import ServiceRuntime
import Topology

/// A front end at work: its virtual servers, and its ways to the core. Confined to the first of its event loops, which accepts connections and
/// looks after configuration and certificates; what belongs to the connections of a loop is a ``FrontEndLoop`` on it.
final class RunningFrontEnd<Role: SubmitRole & SendableMetatype> {
    private let daemon: Daemon
    private let eventLoop: any EventLoop
    private let group: MultiThreadedEventLoopGroup
    private let resolver: DNSResolver
    private let budgets: SharedBudgets
    /// One for each event loop of the group.
    private var loops: [NIOLoopBound<FrontEndLoop<Role>>] = []
    /// Hears of it when the core takes another configuration, also where no mail comes in.
    private let watch: RevisionWatch<Role>
    private let serves: (VirtualServer) -> Bool
    private let logsIn: Bool
    private let certificates: ServerCertificates
    private var certificateTimer: Scheduled<Void>?
    private var followingFiles: RepeatedTask?
    private var servers: [String: VirtualServerListeners] = [:]
    /// No more in the configuration; they finish what is under way.
    private var closing: [VirtualServerListeners] = []
    private var topology: Topology
    /// Why the configuration that the core runs with was not taken up; empty where it was.
    private var refusals: [String] = []
    /// What of `resolver` could not be taken up.
    private var resolverFaults: [String] = []
    /// What the core was told last.
    private var told: DaemonReport?
    /// One change of the listeners after the other.
    private var listenerWork: EventLoopFuture<Void>
    private var listenerTimer: Scheduled<Void>?

    /// - Parameters:
    ///   - serves: which virtual servers are this daemon's.
    ///   - logsIn: whether its clients can log in.
    ///   - eventLoop: the one of the group that it is confined to.
    /// - Throws: where a certificate cannot be used.
    init(
        _ daemon: Daemon, serving serves: @escaping (VirtualServer) -> Bool, logsIn: Bool, resolver: DNSResolver,
        on eventLoop: any EventLoop, of group: MultiThreadedEventLoopGroup
    ) throws {
        (self.daemon, self.serves, self.logsIn, self.resolver) = (daemon, serves, logsIn, resolver)
        (self.eventLoop, self.group) = (eventLoop, group)
        topology = daemon.topology
        listenerWork = eventLoop.makeSucceededVoidFuture()
        budgets = SharedBudgets(daemon.topology.budgets)
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
        let own = daemon.topology.virtualServers.filter(serves)
        certificates = try ServerCertificates(daemon.topology, of: own, log: daemon.log)
        watch.standingRequests = { [weak self] in
            let report = self?.report
            self?.told = report
            return [report.map { Role.request(.report($0)) }, Role.watchingMechanisms].compactMap(\.self)
        }
        if logsIn { followMechanisms() }
    }

    /// What this daemon does not do of the configuration.
    private var report: DaemonReport {
        let executable = "postern-\(daemon.role.rawValue)"
        let undone =
            refusals + resolverFaults + daemon.takingRestart(topology) + certificates.problems
            + servers.sorted { $0.key < $1.key }.flatMap { $0.value.undone(by: executable) }
        return DaemonReport(revision: refusals.isEmpty ? topology.revision : watch.coreRevision ?? topology.revision, undone: undone)
    }

    /// Tells the core what is different from what it was told.
    private func tellCore() {
        let report = report
        guard report != told else { return }
        if watch.say(Role.request(.report(report))) { told = report }
    }

    /// Hears from the core which mechanisms nobody can log in with at present: no client is offered them.
    private func followMechanisms() {
        watch.onMessage = { [weak self] response in
            guard case .mechanismsOff(let off) = response else { return }
            for loop in self?.loops ?? [] {
                loop.eventLoop.execute { loop.value.side.logins?.mechanismsOff = off }
            }
        }
    }

    /// Makes what belongs to each event loop.
    private func makeLoops() -> EventLoopFuture<Void> {
        let (topology, budgets, logsIn, resolver) = (topology, budgets, logsIn, resolver)
        let made = group.makeIterator().map { loop in
            loop.submit {
                NIOLoopBound(
                    FrontEndLoop<Role>(topology, budgets: budgets, logsIn: logsIn, resolver: resolver, on: loop), eventLoop: loop)
            }
        }
        return EventLoopFuture.whenAllSucceed(made, on: eventLoop).assumeIsolated().map { [self] in loops = $0 }.nonisolated()
    }

    /// Makes a virtual server, with its part on each event loop.
    private func make(_ server: VirtualServer) -> EventLoopFuture<Void> {
        let (topology, transport, log) = (topology, certificates.context(of: server), daemon.log)
        let budgets = VirtualServerBudgets(server, budgets: topology.budgets)
        let made = loops.map { loop in
            loop.eventLoop.submit {
                NIOLoopBound(
                    VirtualServerConnections(
                        server, topology: topology, transport: transport, budgets: budgets, side: loop.value.side, on: loop.eventLoop,
                        log: log), eventLoop: loop.eventLoop)
            }
        }
        return EventLoopFuture.whenAllSucceed(made, on: eventLoop).assumeIsolated().map { [self] connections in
            servers[server.name] = VirtualServerListeners(
                server, budgets: budgets, connections: connections, acceptingOn: eventLoop, of: group, log: log)
        }.nonisolated()
    }

    /// How often files of certificates are looked at.
    private static var certificateInterval: TimeAmount { .seconds(10) }
    /// How often files that name name servers and hosts are looked at.
    private static var fileInterval: TimeAmount { .seconds(2) }

    private func lookAgain() {
        certificateTimer = eventLoop.assumeIsolated().scheduleTask(in: Self.certificateInterval) { [weak self] in
            self?.lookAtCertificates()
            self?.lookAgain()
        }
    }

    private func lookAtCertificates() {
        certificates.poll(topology.virtualServers.filter(serves))
        tellCore()
    }

    private func lookAtListeners() {
        listenerTimer = eventLoop.assumeIsolated().scheduleTask(in: VirtualServerListeners.lookInterval) { [weak self] in
            guard let self else { return }
            changeListeners { [self] in EventLoopFuture.andAllComplete(servers.values.map { $0.look() }, on: eventLoop) }
                .assumeIsolated().whenComplete { [weak self] _ in
                    self?.tellCore()
                    self?.lookAtListeners()
                }
        }
    }

    private func changeListeners(_ change: @escaping () -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        listenerWork = listenerWork.assumeIsolated().flatMap { change() }.nonisolated()
        return listenerWork
    }

    /// Makes what there is of each event loop and each virtual server, and listens.
    func listen() -> EventLoopFuture<Void> {
        let (log, role) = (daemon.log, daemon.role)
        let own = topology.virtualServers.filter(serves)
        let inherited = daemon.inherited
        return makeLoops().assumeIsolated().flatMap { [self] in
            EventLoopFuture.andAllSucceed(own.map { make($0) }, on: eventLoop)
        }.flatMap { [self] in
            EventLoopFuture.andAllSucceed(servers.values.map { $0.listen(inherited, waitsForPort: waitsForPort) }, on: eventLoop)
        }.flatMapThrowing { [self] in
            try inherited.expectNoneLeft()
            log.notice(
                "\(role.rawValue) is ready",
                metadata: ["listen": "\(addresses)", "event_loops": "\(loops.count)"])
        }.nonisolated()
    }

    /// Whether a port that another process has can still be bound when that is gone. Under `postern up`, or where root has bound the low ports
    /// for an account that may not, everything ends instead: whoever started it is told.
    private func waitsForPort(_ listener: Listener) -> Bool {
        !daemon.lifecycle.isSupervised && (listener.port >= 1024 || !daemon.changesAccount)
    }

    /// What it listens on, in the order of their names: `192.0.2.1:25 [::]:25`.
    var addresses: String {
        servers.sorted { $0.key < $1.key }.flatMap { $0.value.listeners.map(\.listener.description) }.joined(separator: " ")
    }

    /// Begins to look at the core and at the certificates, as the account that it has become: the core lets in no other.
    func start() {
        // `postern reload` takes up a renewed certificate as well, at once.
        watch.onReturn = { [weak self] in self?.lookAtCertificates() }
        watch.start()
        lookAtCertificates()
        lookAgain()
        resolver.logNotes(to: daemon.log)
        let (resolver, log) = (resolver, daemon.log)
        followingFiles = eventLoop.scheduleRepeatedTask(initialDelay: Self.fileInterval, delay: Self.fileInterval) { _ in
            resolver.followFiles(log: log)
        }
        lookAtListeners()
    }

    /// - Parameter configuration: what the core runs with, or why it cannot be had.
    /// - Returns: when every event loop works with it.
    func reload(_ configuration: Result<Topology, ConfigurationRefused>) -> EventLoopFuture<Void> {
        lookAtCertificates()
        switch configuration {
        case .failure(let refused):
            for reason in refused.reasons {
                daemon.log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(reason)"])
            }
            refusals = refused.undone
        case .success(let new) where new.revision == topology.revision: refusals = []
        case .success(let new):
            refusals = []
            return adopt(new)
        }
        tellCore()
        return eventLoop.makeSucceededVoidFuture()
    }

    /// - Returns: when every event loop works with it, and what can be listened on is.
    private func adopt(_ new: Topology) -> EventLoopFuture<Void> {
        resolverFaults = resolver.adopt(new, log: daemon.log)
        topology = new
        for sentence in daemon.takingRestart(new) { daemon.log.warning("\(sentence)") }
        budgets.adopt(new.budgets)
        let remaining = new.virtualServers.filter(serves)
        do {
            try certificates.adopt(new, of: remaining)
        } catch {
            daemon.log.error("certificates: the old ones stay", metadata: ["error": "\(error)"])
        }
        var adoptions = loops.map { loop in loop.eventLoop.submit { loop.value.adopt(revision: new.revision) } }
        for server in remaining {
            if let listeners = servers[server.name] {
                adoptions.append(listeners.adopt(server, topology: new, transport: certificates.context(of: server)))
            } else {
                daemon.log.notice("virtual server added", metadata: ["virtual_server": "\(server.name)"])
                adoptions.append(make(server))
            }
        }
        var removed: [VirtualServerListeners] = []
        for name in Set(servers.keys).subtracting(remaining.map(\.name)) {
            daemon.log.notice("virtual server removed", metadata: ["virtual_server": "\(name)"])
            if let listeners = servers.removeValue(forKey: name) { removed.append(listeners) }
        }
        closing += removed
        return EventLoopFuture.andAllComplete(adoptions, on: eventLoop).assumeIsolated().flatMap { [self] in
            changeListeners { [self] in listenAnew(remaining, removed) }
        }.map { [self] in
            // The core hears of the new revision when no loop works with the old one any more.
            watch.adopt(new.revision)
            daemon.lifecycle.describe("listens on \(addresses)")
            daemon.log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
        }.nonisolated()
    }

    /// Listens as the configuration has it now, without a moment in which an address that stays refuses clients.
    private func listenAnew(_ remaining: [VirtualServer], _ removed: [VirtualServerListeners]) -> EventLoopFuture<Void> {
        let wanted = Dictionary(remaining.map { ($0.name, Set($0.listeners.map(\.endpoint))) }, uniquingKeysWith: { $0.union($1) })
        let opened = servers.values.map { listeners in
            listeners.openNew { [self] new in
                for other in removed {
                    if let descriptor = other.release(new.description, unlessIn: []) { return descriptor }
                }
                for (name, other) in servers {
                    if let descriptor = other.release(new.description, unlessIn: wanted[name] ?? []) { return descriptor }
                }
                return nil
            }
        }
        return EventLoopFuture.andAllComplete(opened, on: eventLoop).assumeIsolated().flatMap { [self] in
            for listeners in removed {
                listeners.shutDown().assumeIsolated().whenComplete { [self] _ in closing.removeAll { $0 === listeners } }
            }
            // Where this account may not bind what is new, what was there before is better than nothing: it stays until a restart.
            let keepsOld = servers.values.contains { $0.lacksPermission }
            return EventLoopFuture.andAllComplete(keepsOld ? [] : servers.values.map { $0.closeOld() }, on: eventLoop)
        }.flatMap { [self] in
            EventLoopFuture.andAllComplete(servers.values.map { $0.tryMissing(saysFailures: true) }, on: eventLoop)
        }.nonisolated()
    }

    func drain() -> EventLoopFuture<Void> {
        watch.stop()
        certificateTimer?.cancel()
        followingFiles?.cancel()
        listenerTimer?.cancel()
        return EventLoopFuture.andAllSucceed((servers.values + closing).map { $0.shutDown() }, on: eventLoop)
    }
}
