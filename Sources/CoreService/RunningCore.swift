import CoreLink
import Directory
import DurableStorage
import Explanation
import Logging
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology
import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// The core at work: its sockets, its state, its end. Confined to its event loop.
final class RunningCore {
    private let daemon: Daemon
    private let eventLoop: any EventLoop
    private let fileSystem = POSIXFileSystem()
    private let access: SocketAccess
    private let state: StateDirectory
    /// nil where others have made the sockets, so that there is nothing to take from another core.
    private let runtimeLock: FolderLock?
    private var store: SQLiteQueueStore?
    /// nil until the state is open: who connects before that is sent away, and comes again.
    private var core: Core?
    private var edge: LinkServer<EdgeLink>!
    private var submission: LinkServer<SubmissionLink>!
    private var authentication: LinkServer<AuthenticationLink>!
    private var delivery: LinkServer<DeliveryLink>!
    private var mailbox: LinkServer<MailboxLink>!
    private var control: LinkServer<ControlLink>!
    private var nextToken: UInt64 = 0

    /// Makes the folders; as root, gives them to the core's account.
    init(_ daemon: Daemon, on eventLoop: any EventLoop) throws {
        (self.daemon, self.eventLoop) = (daemon, eventLoop)
        let runtime = daemon.topology.runtimeDirectory
        let inherited = Self.sockets.filter { daemon.inherited.contains(.unix(path: $0.path(in: runtime))) }
        // What one process makes as root and what another makes for it do not mix: the folder would have to be both's.
        guard inherited.isEmpty || inherited.count == Self.sockets.count else { throw SocketsMissing(inherited) }
        access = try SocketAccess(daemon.topology, of: .core, areInherited: !inherited.isEmpty)
        let stateDirectory = daemon.topology.stateDirectory
        if !inherited.isEmpty {
            runtimeLock = nil
            try access.checkInheritedControl(path: RoleName.control.path(in: runtime))
            state = try StateDirectory(path: stateDirectory, owner: nil)
            return
        }
        // Other accounts pass through to what is theirs.
        let isShared = access.hasOthers && !access.givesByGroup
        let mode: mode_t = isShared ? 0o755 : 0o700
        let folder = try TrustedFolder.make(runtime, mode: mode, modeAbove: mode)
        if isShared { try folder.setMode(mode) }
        // Before the sockets: a second core must not take them from the first, nor share its queue.
        runtimeLock = try FolderLock(folder)
        state = try StateDirectory(path: stateDirectory, owner: access.needsRoot ? access.own : nil, modeAbove: mode)
    }

    /// Makes the sockets, becomes the core's account, opens the state, and begins to give out work.
    ///
    /// In this order: only root can give a socket to another account, and nothing in the state directory may be root's.
    func start() -> EventLoopFuture<Void> {
        let revision = daemon.topology.revision
        let note: (String) -> Void = { [log = daemon.log] in log.warning("\($0)") }
        edge = LinkServer(access: access.access(.edge, EdgeLink.self), revision: revision, on: eventLoop, log: note) {
            [unowned self] link, peer in
            guard let core else { return link.close() }
            core.begin(SubmitSession(core: core, edge: link, holder: peer.holder))
        }
        submission = LinkServer(access: access.access(.submission, SubmissionLink.self), revision: revision, on: eventLoop, log: note) {
            [unowned self] link, peer in
            guard let core else { return link.close() }
            core.begin(SubmitSession(core: core, submission: link, holder: peer.holder))
        }
        authentication = LinkServer(access: access.access(.auth, AuthenticationLink.self), revision: revision, on: eventLoop, log: note) {
            [unowned self] link, peer in
            guard let core else { return link.close() }
            _ = AuthenticationSession(core: core, connection: link, holder: peer.holder)
        }
        delivery = LinkServer(access: access.access(.delivery, DeliveryLink.self), revision: revision, on: eventLoop, log: note) {
            [unowned self] link, peer in lease(link, .delivery, holder: peer.holder, processID: peer.processID)
        }
        mailbox = LinkServer(access: access.access(.mailbox, MailboxLink.self), revision: revision, on: eventLoop, log: note) {
            [unowned self] link, peer in lease(link, .mailbox, holder: peer.holder, processID: peer.processID)
        }
        control = LinkServer(access: access.control, revision: revision, on: eventLoop, log: note) { [unowned self] link, peer in
            guard let core else { return link.close() }
            _ = ControlSession(
                core: core, connection: link, mayReadVerifiers: peer.userID == 0 || peer.userID == Account.current.userID,
                account: "uid \(peer.userID)")
        }
        tell(daemon.topology)
        let sockets = [
            listen(edge), listen(submission), listen(authentication), listen(delivery), listen(mailbox), listen(control),
        ]
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        return EventLoopFuture.andAllSucceed(sockets, on: eventLoop).flatMapThrowing {
            let running = bound.value
            try running.daemon.inherited.expectNoneLeft()
            running.daemon.dropPrivileges()
            try running.openState()
        }
    }

    /// The sockets that the core listens on.
    private static var sockets: [RoleName] { RoleName.allCases.filter { $0 != .login } }

    struct SocketsMissing: Error, CustomStringConvertible {
        let missing: [RoleName]
        init(_ inherited: [RoleName]) { missing = RunningCore.sockets.filter { !inherited.contains($0) } }
        var description: String {
            "of the core's sockets only some were handed over; these are missing: \(missing.map(\.socketName).joined(separator: ", "))"
        }
    }

    private func listen<Role: LinkRole & SendableMetatype>(_ server: LinkServer<Role>) -> EventLoopFuture<Void> {
        let path = Role.name.path(in: daemon.topology.runtimeDirectory)
        do throws(InheritedSocketError) {
            guard let socket = try daemon.inherited.claim(.unix(path: path), for: Role.name.socketName) else {
                return server.listen(path: path)
            }
            return server.listen(inherited: socket.descriptor)
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
    }

    /// Calls back when the thread that writes the queue has come to it.
    func askWriter(_ answer: @escaping @Sendable () -> Void) {
        guard let store else { return answer() }
        store.askWriter(answer)
    }

    private func openState() throws {
        let topology = daemon.topology
        let opening = StateOpening(folder: state.folder, fileSystem: fileSystem)
        try opening.begin()
        let database = try opening.openQueue()
        try database.forgetUnusedHops()
        let epoch = try database.nextEpoch()
        let reconfiguredAt = try database.runs(revision: topology.revisionNumber, now: .now())
        let largest = try database.largestMessageID()
        let unreachable = try database.unreachableHops(now: .now())
        let known = try database.holders()
        let holders = known.filter(Self.mayLive)
        try database.apply(known.filter { !Self.mayLive($0) }.map { .forgetHolder($0.id) })
        let store = try SQLiteQueueStore(database: database, path: state.folder.path(of: .queue), on: eventLoop)
        self.store = store
        let directory = try opening.openDirectory(domains: DirectoryDomains(topology))
        directory.settings.iterations = topology.identity.iterations
        try opening.finish()
        // Threads that mostly wait for the disk: the more files are synced at once, the fewer times the file system's journal is written.
        let threads = NIOThreadPool(numberOfThreads: 16)
        threads.start()
        let daemon = daemon
        let core = Core(
            topology: topology, directory: directory, store: store, contentFiles: opening.contentFiles, epoch: epoch, largestID: largest,
            holders: holders,
            fileThreads: threads, on: eventLoop, log: daemon.log, reconfiguredAt: reconfiguredAt,
            readConfiguration: {
                let read = daemon.readFile()
                // Before it is in force: a core that dies in between has accepted it.
                if case .success(let new) = read { daemon.accepts(new) }
                return read.mapError { ControlRefusal.configuration($0.reasons.joined(separator: "\n")) }
            })
        core.onReload = { [unowned self] in announce($0) }
        self.core = core
        core.aside.begin(store, before: core.queue.nextID())
        core.badmail.begin()
        core.restore(unreachable)
        core.queue.start()
        core.held.begin()
        if core.awaitsFirstMailbox {
            daemon.log.warning(
                "the directory never had a user, alias or group: mail for our domains is deferred until it has one",
                metadata: ["file": "\(state.folder.path(of: .directory))"])
        } else {
            core.warnOfPostmaster()
        }
        daemon.log.notice("core is ready", metadata: ["state": "\(state.path)", "sockets": "\(topology.runtimeDirectory)"])
    }

    /// What comes of it is logged.
    func reload() -> EventLoopFuture<Void> { core?.reload().map { _ in } ?? eventLoop.makeSucceededVoidFuture() }

    /// Takes no new connection, gives out no new lease, and waits for what is under way; then closes the queue.
    func drain() -> EventLoopFuture<Void> {
        core?.isStopping = true
        core?.queue.stopLeasing()
        core?.stopSubmissions()
        core?.daemons.stop()
        edge.stopListening()
        submission.stopListening()
        authentication.stopListening()
        delivery.stopListening()
        mailbox.stopListening()
        control.stopListening()
        let idle = eventLoop.makePromise(of: Void.self)
        waitUntilIdle(idle)
        let eventLoop = eventLoop
        let store = store.map { NIOLoopBound($0, eventLoop: eventLoop) }
        return idle.futureResult.flatMap { [daemon] in
            daemon.ends()
            return store?.value.close() ?? eventLoop.makeSucceededVoidFuture()
        }
    }

    /// The supervisor ends the front ends and the holders first; what is still held is presented to the next core.
    private func waitUntilIdle(_ idle: EventLoopPromise<Void>) {
        let isHeld = core.map { $0.queue.leaseCount > 0 } ?? false
        let hasHolders = !delivery.openConnections.isEmpty || !mailbox.openConnections.isEmpty
        guard (isHeld && hasHolders) || core?.hasOpenTransactions == true else { return idle.succeed() }
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [self] in waitUntilIdle(idle) }
    }

    private func lease(_ link: LinkChannel<LeaseRequest, LeaseResponse>, _ carrier: Carrier, holder: UInt64, processID: Int32) {
        guard let core else { return link.close() }
        nextToken += 1
        core.begin(
            LeaseServerSession(core: core, connection: link, carrier: carrier, holder: holder, processID: processID, token: nextToken))
    }

    /// A new configuration is in force: the others ask for it as they learn of its revision.
    private func announce(_ topology: Topology) {
        let revision = topology.revision
        edge.revision = revision
        submission.revision = revision
        authentication.revision = revision
        delivery.revision = revision
        mailbox.revision = revision
        control.revision = revision
        tell(topology)
        core?.announce(revision)
    }

    /// What the daemons are told that ask for the configuration.
    private func tell(_ topology: Topology) {
        let answer = ConfigurationAnswer(text: topology.sourceText)
        edge.configuration = answer
        submission.configuration = answer
        authentication.configuration = answer
        delivery.configuration = answer
        mailbox.configuration = answer
    }

    /// Whether the process of a holder of the last run may still be there, so that its leases are worth waiting for.
    private static func mayLive(_ holder: HolderRecord) -> Bool {
        // 0: in another PID namespace, from which no number tells.
        guard holder.processID > 0 else { return true }
        return kill(holder.processID, 0) == 0 || errno == EPERM
    }
}
