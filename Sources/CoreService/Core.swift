import CoreLink
import Directory
import DurableStorage
import Explanation
import Logging
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import NIOPosix
import Routing
import ServiceRuntime
import Synchronization
import Topology

/// What the sessions of the core share: configuration, routing, directory, queue. Confined to the core's event loop.
final class Core {
    let eventLoop: any EventLoop
    let log: Logger
    let directory: Directory
    let contentFiles: ContentFiles
    let contentFolder: FolderSync
    let reserve: StorageReserve
    let aside: AsideKeeper
    /// For content files: reading and writing them blocks.
    let fileThreads: NIOThreadPool
    let startedAt = Timestamp.now()
    private(set) var topology: Topology
    private(set) var routing: RoutingTable
    var connectors = ConnectorWatch()
    var utf8Mailboxes = UTF8Mailboxes()
    /// Those that cover some of the same domains, by connector.
    private(set) var rivals: [String: Set<String>]
    /// Mail that came in before was decided about by another configuration.
    private(set) var reconfiguredAt: Timestamp
    var refusals = RefusalLog()
    private(set) var queue: MessageQueue!
    private(set) var recorder: OutcomeRecorder!
    /// Mail that the configuration refuses.
    private(set) var held: HeldMail!
    /// Next hops that are warned of: a mail system without its line loses thousands at once.
    private var unreachableWarnings = TokenBucket(burst: 20, perSecond: 1.0 / 30)
    private(set) var destinations: DestinationFinder!
    var openAddresses: OpenFinalAddresses
    private(set) var badmail: BadmailKeeper!
    let daemons: DaemonWatch
    private let store: SQLiteQueueStore
    private let readConfiguration: @Sendable () -> Result<Topology, ControlRefusal>
    var metrics = Metrics()
    var tokens = SessionTokens()
    /// What is kept of logins that fail.
    var logins: LoginLedger
    /// Mechanisms that nobody can log in with.
    private(set) var outages: MechanismOutages!
    /// Of one message; tests take fewer.
    var mostFinalRecipients = TooManyRecipients.mostFinalRecipients
    private(set) var expiredLeases = 0
    /// Set when the core begins to end: connections that break from now on say nothing of their peers.
    var isStopping = false
    private var lastReload: EventLoopFuture<Void>
    /// Called when a new configuration is in force.
    var onReload: (Topology) -> Void = { _ in }

    /// - Parameter readConfiguration: reads and checks the file again, for a reload.
    init(
        topology: Topology, directory: Directory, store: SQLiteQueueStore, contentFiles: ContentFiles, epoch: UInt32, largestID: Int64,
        holders: [HolderRecord], fileThreads: NIOThreadPool, on eventLoop: any EventLoop, log: Logger,
        reconfiguredAt: Timestamp = Timestamp(seconds: 0),
        readConfiguration: @escaping @Sendable () -> Result<Topology, ControlRefusal>
    ) {
        (self.topology, self.directory, self.store, self.contentFiles) = (topology, directory, store, contentFiles)
        (self.fileThreads, self.eventLoop, self.log, self.readConfiguration) = (fileThreads, eventLoop, log, readConfiguration)
        reserve = StorageReserve(
            path: contentFiles.directory, logPath: "\(FilePath.parent(of: contentFiles.directory))/queue.sqlite-wal",
            fileSystem: contentFiles.fileSystem, makeRoom: { [store] in store.makeRoom() })
        aside = AsideKeeper(contentFiles, threads: fileThreads, on: eventLoop, log: log)
        contentFolder = FolderSync(of: contentFiles, threads: fileThreads, on: eventLoop)
        lastReload = eventLoop.makeSucceededVoidFuture()
        daemons = DaemonWatch(on: eventLoop, log: log)
        routing = RoutingTable(topology)
        logins = LoginLedger(topology)
        openAddresses = OpenFinalAddresses(budgets: topology.budgets)
        (rivals, self.reconfiguredAt) = (topology.rivals, reconfiguredAt)
        recorder = OutcomeRecorder(core: self)
        held = HeldMail(core: self)
        outages = MechanismOutages(on: eventLoop, log: log) { [unowned self] in logins.crashes.off(now: $0) }
        destinations = DestinationFinder(core: self)
        badmail = BadmailKeeper(core: self)
        queue = MessageQueue(
            store: store, on: eventLoop, epoch: epoch, largestID: largestID, holders: holders,
            limits: { [unowned self] in policy(of: $0) }, report: { [unowned self] in note($0) },
            expired: { [unowned self] in recorder.deferAll($0, reply: $1) })
    }

    /// Mail for our domains is deferred, since nobody was ever in the directory.
    var awaitsFirstMailbox: Bool { directory.hasNeverHadAnybody && !directory.domains.authoritative.isEmpty }

    /// Says it where mail for the postmaster would lead nowhere (RFC 5321 §4.5.1): at the start, and after a change of the configuration.
    func warnOfPostmaster() {
        guard let postmaster = topology.postmaster, let domain = postmaster.address.domain.name, topology.domains[domain]?.isShared == false
        else {
            return
        }
        do {
            guard try directory.resolve(address: postmaster.address) == nil else { return }
            log.warning(
                "postmaster is not in the directory: mail for postmaster@ our domains is refused",
                metadata: ["postmaster": "\(postmaster.address)", "configuration": "\(postmaster.location)"])
        } catch {
            log.error("the directory cannot be read", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Sessions

    private var submitSessions: [ObjectIdentifier: SubmitSession] = [:]
    private var leaseSessions: [ObjectIdentifier: LeaseServerSession] = [:]
    private var authenticationSessions: [ObjectIdentifier: AuthenticationSession] = [:]

    func begin(_ session: SubmitSession) { submitSessions[ObjectIdentifier(session)] = session }

    func begin(_ session: LeaseServerSession) { leaseSessions[ObjectIdentifier(session)] = session }
    func ended(_ session: SubmitSession) {
        submitSessions[ObjectIdentifier(session)] = nil
        daemons.ended(session)
        outages.forget(session)
    }
    func ended(_ session: LeaseServerSession) {
        leaseSessions[ObjectIdentifier(session)] = nil
        daemons.ended(session)
    }
    func begin(_ session: AuthenticationSession) { authenticationSessions[ObjectIdentifier(session)] = session }
    func ended(_ session: AuthenticationSession) {
        authenticationSessions[ObjectIdentifier(session)] = nil
        daemons.ended(session)
    }

    /// Messages that are coming in, or whose end has not been answered yet.
    var hasOpenTransactions: Bool { submitSessions.values.contains { $0.hasOpenTransaction } }

    /// No further transaction on any front end's connection; those under way go on.
    func stopSubmissions() {
        for session in submitSessions.values { session.retire() }
    }

    /// A new revision is in force: idle front-end connections end, and their processes learn of it when they come back; holders are told.
    func announce(_ revision: String) {
        for session in submitSessions.values { session.retire() }
        for session in Array(authenticationSessions.values) { session.retire() }
        for session in leaseSessions.values { session.tell(revision) }
    }

    private func policy(of route: Route) -> RoutePolicy {
        let connector = topology.connector(named: route.connector)
        // What no connector has (E06) goes by the profile that connectors have unless they name another.
        guard let profile = connector.map(topology.outboundProfile) ?? (route.connector.isEmpty ? topology.defaultOutboundProfile : nil)
        else { return RoutePolicy(perHop: 1, group: "", total: nil) }
        let retry = RetrySchedule(
            first: profile.retry.first, second: profile.retry.second, third: profile.retry.third, subsequent: profile.retry.subsequent,
            expiration: profile.expiration,
            glitches: UInt32(
                // Soon enough to find out whether the mail had better take the other way.
                max(profile.retry.glitch.count, rivals[route.connector] != nil ? ConnectorWatch.failuresUntilDown - 1 : 0)),
            glitch: profile.retry.glitch.interval)
        switch connector?.deliver {
        // A folder is no remote domain: as many writers as the disk likes at once.
        case .maildir: return RoutePolicy(perHop: 32, group: "maildir:\(route.connector)", total: nil, retry: retry)
        default:
            return RoutePolicy(
                perHop: profile.connections.limitPerDomain, group: profile.name, total: profile.connections.limit, retry: retry,
                // What is on this machine, or next to it, is no stranger.
                growsFromOne: route.carrier == .delivery)
        }
    }

    /// Removes the content file of a message that has left the queue.
    func removeContentIfUnnamed(_ id: QueueID) {
        let (files, log) = (contentFiles, log)
        queue.message(id, recipients: []).assumeIsolated().whenComplete { [fileThreads, eventLoop] result in
            // Where it cannot be told, the file stays; the next start sets it aside if nobody names it.
            guard case .success(nil) = result else { return }
            fileThreads.runIfActive(eventLoop: eventLoop) { try files.removeIfThere(id) }.whenFailure { error in
                log.error("content file not removed", metadata: ["queue_id": "\(id)", "error": "\(error)"])
            }
        }
    }

    // MARK: Operations

    /// Reads the configuration again, and takes it if it is good: one reload after the other. Mail goes on under the old one meanwhile.
    ///
    /// - Returns: what is in force, or why the old one stays; a future that does not fail.
    func reload() -> EventLoopFuture<Result<Reloaded, ControlRefusal>> {
        let (read, threads, eventLoop) = (readConfiguration, fileThreads, eventLoop)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let reloaded = lastReload.flatMap {
            threads.runIfActive(eventLoop: eventLoop) { read().map(PreparedConfiguration.init) }
                .flatMapErrorThrowing { .failure(ControlRefusal.configuration("the core is ending: \($0)")) }
                .map { bound.value.adopt($0) }
        }
        lastReload = reloaded.map { _ in }
        return reloaded
    }

    /// A configuration that the core has taken up.
    struct Reloaded: Sendable {
        let revision: String
        /// What the daemons do not do of it, when they have said so; does not fail.
        let undone: EventLoopFuture<[Undone]>
    }

    private func adopt(_ prepared: Result<PreparedConfiguration, ControlRefusal>) -> Result<Reloaded, ControlRefusal> {
        switch prepared {
        case .failure(let refusal):
            log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(refusal.message)"])
            return .failure(refusal)
        case .success(let prepared):
            let new = prepared.topology
            // The same file again changes no decision: what waits need not be looked at.
            if new.revision != topology.revision { reconfiguredAt = .now() }
            // Thousands of connectors take their time to be freed as well: on a thread, where this has the last reference.
            let replaced = Replaced((topology, routing, rivals, directory.domains))
            topology = new
            routing = prepared.routing
            logins.adopt(new)
            openAddresses.adopt(new.budgets)
            rivals = prepared.rivals
            connectors.keep(Set(new.connectors.map(\.name)))
            utf8Mailboxes.keep(Set(new.connectors.map(\.name)))
            directory.domains = prepared.domains
            directory.settings.iterations = new.identity.iterations
            warnOfPostmaster()
            fileThreads.submit { _ in replaced.free() }
            queue.policiesChanged(revision: new.revisionNumber, at: reconfiguredAt)
            held.lookAgain()
            log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
            let undone = daemons.reloaded(new)
            onReload(new)
            return .success(Reloaded(revision: new.revision, undone: undone))
        }
    }

    /// What a reload has replaced, until it is freed.
    private final class Replaced<Value: Sendable>: Sendable {
        private let value: Mutex<Value?>

        init(_ value: Value) { self.value = Mutex(value) }

        func free() { value.withLock { $0 = nil } }
    }

    private func note(_ event: MessageQueue.Event) {
        switch event {
        case .storeFailed(let error):
            log.error("the queue cannot be written; senders are told to come back", metadata: ["error": "\(error)"])
        case .storeRecovered: log.notice("the queue can be written again")
        case .leaseExpired(let lease, let id):
            expiredLeases += 1
            log.warning("a holder did not renew its lease", metadata: ["queue_id": "\(id)", "lease": "\(lease)"])
        case .clockWasSet(let by):
            log.warning(
                "the wall clock was set: what waits in the queue keeps the time that it still has to wait",
                metadata: ["seconds": "\(by.components.seconds)"])
        case .manyNextHops(let count):
            log.notice("more next hops have mail than are held in memory", metadata: ["held": "\(count)"])
        case .unreadable(let message, let until):
            metrics.damagedMessages += 1
            log.error(
                "message cannot be read and is held",
                metadata: ["queue_id": "\(message.id)", "reason": "\(message.damage.reason)", "next_attempt_at": "\(until)"])
        case .readFailed(let reason): log.error("the queue cannot be read", metadata: ["error": "\(reason)"])
        case .nextHopUnreachable(let hop):
            let isFirst = hop.failures == 1 && unreachableWarnings.take(now: eventLoop.now)
            log.log(
                level: isFirst ? .warning : .info, "next hop cannot be reached",
                metadata: [
                    "connector": "\(hop.route.connector)", "next_hop": "\(hop.route.nextHop)", "failures": "\(hop.failures)",
                    "since": "\(hop.since)", "tried_again_at": "\(hop.until)", "reply": "\(hop.lastError)",
                ])
        }
    }
}

extension Route {
    init(_ routed: RoutedRecipient) {
        let carrier: Carrier =
            switch routed.nextHop {
            case .maildir, .lmtp: .mailbox
            case .domain, .address, .smartHosts, .directFirst, .unknownTo, .held: .delivery
            }
        self.init(connector: routed.connector, nextHop: "\(routed.nextHop)", carrier: carrier)
    }
}
