import CoreLink
import Logging
import Topology
import TopologyFile
import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// What every daemon has once it has begun: its configuration, its logs, its life.
public struct Daemon: Sendable {
    public let role: Role
    public let configurationPath: String
    public let topology: Topology
    public let log: Logger
    public let lifecycle: DaemonLifecycle
    /// The listening sockets that it was started with.
    public let inherited: InheritedSockets
    private let logs: Logs
    /// Of the core, for one that is started after it; nil where nobody would believe it.
    private let kept: KeptConfiguration?

    /// Finds the configuration (``StartingConfiguration``), starts the logs, takes over the signals.
    ///
    /// Ends the process with `ExitStatus.configuration`, after printing every error, where no configuration can be used.
    public static func begin(_ role: Role, configurationPath: String) -> Daemon {
        StandardDescriptors.reserve()
        Scheduling.doNotInterruptOthers()
        // What changes while the file is being read is read again.
        EarlyReload.watch()
        let starting: StartingConfiguration
        do throws(StartingConfiguration.Unusable) {
            starting = try StartingConfiguration.find(of: role, path: configurationPath, surroundings: Self.surroundings(of: role))
        } catch {
            for finding in error.findings { StandardError.print(finding.text) }
            exit(ExitStatus.configuration.rawValue)
        }
        let topology = starting.topology
        // What a daemon makes is for its own account; whoever else may use it is given it by name.
        umask(0o077)
        let logs = Logs.start(process: role.rawValue, format: LogFormat(topology.logs.format), level: Logger.Level(topology.logs.level))
        let log = Logger(label: "postern")
        let limit = DescriptorLimit.raise()
        let lifecycle = DaemonLifecycle(logger: log)
        let inherited: InheritedSockets
        do throws(InheritedSocketError) {
            inherited = try InheritedSockets.fromEnvironment()
            // These two listen nowhere.
            if role == .delivery || role == .mailbox { try inherited.expectNoneLeft() }
        } catch {
            log.critical("\(error)")
            exit(ExitStatus.configuration.rawValue)
        }
        log.debug(
            "begins",
            metadata: ["revision": "\(topology.revision)", "from": "\(starting.origin.rawValue)", "descriptors": "\(limit)"])
        if starting.differsFromFile {
            log.warning(
                "goes on with the configuration that runs; what stands in the file now takes effect with `postern reload`",
                metadata: ["revision": "\(topology.revision)", "file": "\(configurationPath)"])
        }
        let keeps = role == .core && starting.origin != .supervisor && !Account.isSuperuser
        return Daemon(
            role: role, configurationPath: configurationPath, topology: topology, log: log, lifecycle: lifecycle, inherited: inherited,
            logs: logs, kept: keeps ? KeptConfiguration(of: configurationPath, in: topology.stateDirectory) : nil)
    }

    /// The core takes this configuration, and runs with it from now on: whoever is started again meanwhile takes it, too.
    public func accepts(_ topology: Topology) {
        do throws(TrustedFileError) {
            try kept?.keep(topology.sourceText)
        } catch {
            log.warning("a core that is started after this one would read the file", metadata: ["error": "\(error)"])
        }
        lifecycle.accepted(revision: topology.revision)
    }

    /// The core ends in an orderly way: the next one reads the file.
    public func ends() { kept?.forget() }

    /// The configuration as it is in the file now, or the errors in it, one per line: what the core takes up when it is told to reload.
    ///
    /// What cannot change while the daemons run is refused. The core, whose configuration the others take, also looks at the files that they
    /// need. Blocks.
    public func readFile() -> Result<Topology, ConfigurationRefused> {
        adopted(TopologyFile.load(path: configurationPath, files: .ofAll(reader: role), surroundings: Self.surroundings(of: role)))
    }

    /// The configuration that the core runs with, or why it cannot be had or used: what every other daemon reloads.
    ///
    /// A large one takes seconds to read: not on the calling thread.
    public func askCore() async -> Result<Topology, ConfigurationRefused> {
        await withCheckedContinuation { continuation in
            let started = DetachedThread.start(stackOctets: 8 << 20) { continuation.resume(returning: askCoreNow()) }
            if !started {
                continuation.resume(returning: .failure(ConfigurationRefused(reasons: ["the system gives no thread to read it"])))
            }
        }
    }

    private func askCoreNow() -> Result<Topology, ConfigurationRefused> {
        guard let name = role.link else { return readFile() }
        let address = LinkAddress(of: name, in: topology)
        do throws(LinkError) {
            let text = try ConfigurationRequest.text(at: address, as: name)
            return adopted(
                TopologyFile.parse(text, path: configurationPath, files: .of(role), surroundings: Self.surroundings(of: role)))
        } catch {
            return .failure(ConfigurationRefused(reasons: ["the core does not tell it: \(error)"]))
        }
    }

    private func adopted(_ result: LoadResult) -> Result<Topology, ConfigurationRefused> {
        switch result {
        case .loaded(let new, _):
            let fixed = Self.needingRestart(from: topology, to: new)
            let beyond = getenv(Self.sandboxVariable) == nil ? [] : Self.beyondBounds(from: topology, to: new)
            guard fixed.isEmpty, beyond.isEmpty else {
                let reasons = (fixed.isEmpty ? [] : [fixed.joined(separator: ", ")]) + beyond
                return .failure(
                    ConfigurationRefused(
                        reasons: reasons.map {
                            "\(configurationPath): \($0): a change needs a restart; until then the old configuration stays"
                        }))
            }
            logs.threshold.level = Logger.Level(new.logs.level)
            return .success(new)
        case .failed(let findings): return .failure(ConfigurationRefused(reasons: findings.map(\.description)))
        }
    }

    /// Only the submission server has lists of computers that relay without a login, and stands in the network that they are in.
    private static func surroundings(of role: Role) -> NetworkSurroundings { role == .submission ? .ofThisProcess() : .ignored }

    /// The keys that differ and cannot change while the daemons run.
    public static func needingRestart(from old: Topology, to new: Topology) -> [String] {
        var keys: [String] = []
        if new.stateDirectory != old.stateDirectory { keys.append("state_directory") }
        if new.runtimeDirectory != old.runtimeDirectory { keys.append("runtime_directory") }
        // By name: on another line of the file it is the same account.
        if new.runAs.accounts.mapValues(\.name) != old.runAs.accounts.mapValues(\.name) { keys.append("run_as") }
        if new.controlGroup != old.controlGroup { keys.append("control_group") }
        // One log in two formats could be read by nobody.
        if new.logs.format != old.logs.format { keys.append("logs.format") }
        return keys
    }

    /// What this daemon does of a configuration only after its next start, a sentence for each.
    public func takingRestart(_ new: Topology) -> [String] { Self.takingRestart(role, from: topology, to: new) }

    /// What a daemon does of a new configuration only after its next start, a sentence for each.
    public static func takingRestart(_ role: Role, from old: Topology, to new: Topology) -> [String] {
        guard role == .auth, old.keytab != new.keytab else { return [] }
        return ["keytab: the change takes effect with the next start of postern-\(role.rawValue)"]
    }

    /// Whether it becomes another account when it has bound its sockets, and then may not bind low ports.
    public var changesAccount: Bool { Account.isSuperuser && topology.runAs.account(of: role) != nil }

    /// In the environment of a daemon that `postern up --sandbox` has started: nothing takes its bounds back while it runs.
    public static let sandboxVariable = "POSTERN_SANDBOX"

    /// What the daemons would have to do with the new configuration that their bounds do not let them, a sentence for each.
    private static func beyondBounds(from old: Topology, to new: Topology) -> [String] {
        Role.allCases.flatMap { role in
            Bounds(of: role, in: old, programs: []).lacking(Bounds(of: role, in: new, programs: [])).map {
                "postern-\(role.rawValue) would have to \($0), and --sandbox holds it to the folders that it was started with"
            }
        }
    }

    /// Becomes the account that `run_as` gives this role, for good. Does nothing where the role has none, or for anybody but root.
    ///
    /// Ends the process where that cannot be.
    public func dropPrivileges() {
        guard let name = topology.runAs.account(of: role) else { return }
        do throws(AccountError) {
            try Privileges.assume(accountNamed: name)
        } catch {
            log.critical("cannot become the account of run_as.\(role.rawValue)", metadata: ["error": "\(error)"])
            exit(ExitStatus.osError.rawValue)
        }
    }

    /// Ends the process before it has begun its work.
    public func fail(_ reason: String, _ status: ExitStatus = .osError) -> Never {
        log.critical("\(reason)")
        exit(status.rawValue)
    }
}

public struct ConfigurationRefused: Error {
    public let reasons: [String]

    public init(reasons: [String]) { self.reasons = reasons }

    /// The same as what a daemon does not do, a sentence for each.
    public var undone: [String] { reasons.map { "goes on with the old configuration: \($0)" } }
}
