import Authentication
import CoreLink
import Credentials
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology
import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// The authentication service at work. Confined to its event loop.
final class RunningAuth {
    let eventLoop: any EventLoop
    let log: Logger
    /// For exchanges: keys are derived there.
    let threads = NIOThreadPool(numberOfThreads: 16)
    /// For what waits on other systems.
    let outside: LoginThreads
    /// For what costs a processor much.
    let derivations: LoginThreads
    let core: CoreConnection
    private let daemon: Daemon
    private let watch: RevisionWatch<AuthenticationLink>
    private let access: SocketAccess
    private var listener: LinkServer<LoginLink>!
    private var topology: Topology
    /// nil until the core has told it.
    private var decoys: DecoyKeys?
    private let proven: ProvenPasswords
    /// By the name of the virtual server.
    private var servers: [String: SASLServer] = [:]
    /// Mechanisms that nobody can log in with; nil until they have been looked at.
    private var unusable: [UnusableMechanism]?
    /// Why the configuration that the core runs with was not taken up; empty where it was.
    private var refusals: [String] = []
    private(set) var isStopping = false
    private var whenReady: () -> Void = {}

    init(_ daemon: Daemon, on eventLoop: any EventLoop) throws {
        (self.daemon, self.eventLoop, log, topology) = (daemon, eventLoop, daemon.log, daemon.topology)
        let core = LinkAddress(of: .authentication, in: daemon.topology)
        let revision = daemon.topology.revision
        self.core = CoreConnection(to: core, revision: revision, on: eventLoop)
        outside = .outside(on: eventLoop, budgets: daemon.topology.budgets)
        derivations = .deriving(on: eventLoop, budgets: daemon.topology.budgets)
        proven = try ProvenPasswords()
        watch = RevisionWatch(to: core, holder: HolderIdentity.make(), revision: revision, on: eventLoop)
        access = try SocketAccess(
            daemon.topology, of: .auth,
            areInherited: daemon.inherited.contains(.unix(path: RoleName.login.path(in: daemon.topology.runtimeDirectory))))
        try SASLLibrary.start(
            .init(keytab: daemon.topology.keytab, log: { [log = daemon.log] in log.log(level: Logger.Level($0.level), "sasl: \($0.text)") })
        )
        threads.start()
        let lifecycle = daemon.lifecycle
        watch.onRevisionDiffers = { _ in lifecycle.requestReload() }
        // `postern reload` has what the mechanisms need looked at again, also where the configuration is the same.
        watch.onReturn = { [weak self] in self?.makeServers() }
        watch.standingRequests = { [weak self] in
            guard let self else { return [] }
            return [.report(report)] + (unusable.map { [.unusable($0)] } ?? [])
        }
        watch.onChange = { [log = daemon.log] error in
            if let error {
                log.warning("the core cannot be reached: nobody can log in", metadata: ["error": "\(error)"])
            } else {
                log.info("connected to the core")
            }
        }
    }

    /// What this daemon does not do of the configuration.
    private var report: DaemonReport {
        DaemonReport(
            revision: refusals.isEmpty ? topology.revision : watch.coreRevision ?? topology.revision,
            undone: refusals + daemon.takingRestart(topology))
    }

    /// As clients know this server.
    var hostname: DomainName { topology.hostname }

    /// nil where nobody can log in there: it is no submission server, or the core has not been reached yet.
    func server(named name: String) -> SASLServer? { servers[name] }

    /// Makes the socket that submission servers log their clients in over. The runtime directory may not be there yet: the core makes it.
    func listen() -> EventLoopFuture<Void> {
        listener = LinkServer(
            access: access.access(.submission, LoginLink.self), revision: topology.revision, on: eventLoop,
            log: { [log] in log.warning("\($0)") },
            accept: { [unowned self] link, _ in _ = LoginSession(auth: self, connection: link) })
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let path = RoleName.login.path(in: topology.runtimeDirectory)
        do throws(InheritedSocketError) {
            let socket = try daemon.inherited.claim(.unix(path: path), for: RoleName.login.socketName)
            try daemon.inherited.expectNoneLeft()
            guard let socket else { return bind(bound, attempts: 0) }
            return listener.listen(inherited: socket.descriptor)
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
    }

    private func bind(_ bound: NIOLoopBound<RunningAuth>, attempts: Int) -> EventLoopFuture<Void> {
        let (eventLoop, path) = (eventLoop, RoleName.login.path(in: topology.runtimeDirectory))
        return listener.listen(path: path).flatMapError { error in
            // A minute: long enough for a core that recovers a large log first.
            guard attempts < 600, (error as? TrustedFileError)?.errorNumber == ENOENT else { return eventLoop.makeFailedFuture(error) }
            return eventLoop.flatScheduleTask(in: .milliseconds(100)) { bound.value.bind(bound, attempts: attempts + 1) }.futureResult
        }
    }

    /// Begins to ask the core; people can log in once it has answered.
    func start(whenReady ready: @escaping () -> Void) {
        watch.start()
        whenReady = ready
        askForDecoys()
    }

    private func askForDecoys() {
        guard decoys == nil, !isStopping else { return }
        core.ask(.decoySecret, in: 0) { [weak self] result in
            guard let self else { return }
            if case .success(.decoySecret(let secret)) = result {
                decoys = DecoyKeys(secret: Array(secret.readableBytesView))
                makeServers()
                log.notice("auth is ready", metadata: ["mechanisms": "\(mechanismText)"])
                whenReady()
            } else {
                // The core starts after this process, or restarts; the watch says it where it lasts.
                eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(200)) { [weak self] in self?.askForDecoys() }
            }
        }
    }

    private func makeServers() {
        guard let decoys else { return }
        let identity = topology.identity
        // They cost what new passwords cost.
        let current = DecoyKeys(secret: decoys.secret, iterations: identity.iterations)
        var secretKey: SecretKey?
        if let path = identity.recoverableSecretsKey {
            do {
                secretKey = try SecretKeyFile.read(path)
            } catch {
                log.error("recoverable secrets cannot be opened: NTLM and CRAM-MD5 do not work", metadata: ["error": "\(error)"])
            }
        }
        servers = [:]
        for server in topology.virtualServers {
            guard let settings = server.submission else { continue }
            servers[server.name] = SASLServer(
                settings: .init(
                    mechanisms: settings.authentication.mechanisms,
                    basicRequiresEncryption: settings.authentication.basic?.requireTLS ?? true,
                    names: LoginNameForms(
                        defaultDomain: topology.defaultDomain, domains: Set(topology.domains.keys),
                        aliases: topology.domainAliases.mapValues(\.target)), decoys: current,
                    saslauthd: identity.saslauthdSocket.map { Saslauthd(socket: $0) }, secretKey: secretKey,
                    ntlmServer: identity.ntlmServer, proven: identity.passwordCache ? proven : nil, derivesSeparately: true))
        }
        lookAtMechanisms()
    }

    /// Tells the core with which mechanisms nobody can log in, so that no client is offered them; logs those that are new.
    private func lookAtMechanisms() {
        var found: [SASLMechanism: String] = [:]
        for server in servers.values {
            for mechanism in server.settings.mechanisms where found[mechanism] == nil {
                found[mechanism] = server.fault(of: mechanism, hostname: hostname)
            }
        }
        let now = found.map { UnusableMechanism($0.key, reason: Self.cut($0.value)) }
            .sorted { $0.mechanism.rawValue < $1.mechanism.rawValue }
        for fault in now where !(unusable ?? []).contains(fault) {
            log.error(
                "nobody can log in with a mechanism", metadata: ["mechanism": "\(fault.mechanism.rawValue)", "reason": "\(fault.reason)"])
        }
        guard now != unusable else { return }
        unusable = now
        watch.sayAgain()
    }

    /// One line of no more octets than the core reads.
    private static func cut(_ reason: String) -> String {
        String(decoding: EscapedText.line(reason).utf8.prefix(AuthenticationLink.maximumReason - 2), as: UTF8.self)
    }

    private var mechanismText: String {
        let servers = topology.virtualServers.compactMap(\.submission)
        return Set(servers.flatMap(\.authentication.mechanisms)).map(\.rawValue).sorted().joined(separator: " ")
    }

    /// - Parameter configuration: what the core runs with, or why it cannot be had.
    func reload(_ configuration: Result<Topology, ConfigurationRefused>) {
        switch configuration {
        case .failure(let refused):
            for reason in refused.reasons {
                log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(reason)"])
            }
            refusals = refused.undone
            watch.sayAgain()
        case .success(let new):
            let wasRefused = !refusals.isEmpty
            refusals = []
            defer { if wasRefused { watch.sayAgain() } }
            // What the mechanisms need may be there now.
            guard new.revision != topology.revision else { return makeServers() }
            for sentence in daemon.takingRestart(new) { log.warning("\(sentence)") }
            topology = new
            outside.adopt(new.budgets)
            derivations.adopt(new.budgets)
            core.revision = new.revision
            watch.adopt(new.revision)
            listener.revision = new.revision
            makeServers()
            log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
        }
    }

    /// No new exchange, and an end of those under way that the core hears of: what is open when the connection ends counts as a death.
    func drain() -> EventLoopFuture<Void> {
        isStopping = true
        watch.stop()
        listener.stopListening()
        for connection in listener.openConnections { connection.close() }
        // The connections' ends have been told when the loop has come round again.
        return eventLoop.scheduleTask(in: .milliseconds(10)) {}.futureResult
    }
}

extension Logger.Level {
    /// A login that failed is said with its client's address by the session.
    fileprivate init(_ level: SASLLogLine.Level) {
        self =
            switch level {
            case .error: .error
            case .warning: .warning
            case .failure, .note, .debug: .debug
            }
    }
}
