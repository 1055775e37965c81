import Logging
import Topology
import TopologyFile

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

    /// Reads the configuration as this role, starts the logs, takes over the signals.
    ///
    /// Ends the process with `ExitStatus.configuration`, after printing every error, where the configuration cannot be used.
    public static func begin(_ role: Role, configurationPath: String) -> Daemon {
        StandardDescriptors.reserve()
        // What changes while the file is being read is read again.
        EarlyReload.watch()
        let topology: Topology
        switch TopologyFile.load(path: configurationPath, files: .of(role), surroundings: Self.surroundings(of: role)) {
        case .failed(let findings):
            for finding in findings { StandardError.print(finding.text) }
            exit(ExitStatus.configuration.rawValue)
        case .loaded(let loaded, _): topology = loaded
        }
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
        log.debug("begins", metadata: ["revision": "\(topology.revision)", "descriptors": "\(limit)"])
        return Daemon(
            role: role, configurationPath: configurationPath, topology: topology, log: log, lifecycle: lifecycle, inherited: inherited,
            logs: logs)
    }

    /// The configuration as it is in the file now, or the errors in it, one per line.
    ///
    /// What cannot change while the daemons run is refused in every one of them: they would not agree on a revision otherwise. For the
    /// same reason the core, whose revision the others follow, also looks at the files that they need.
    public func readConfiguration() -> Result<Topology, ConfigurationRefused> {
        let files = role == .core ? FilesToCheck.ofAll(reader: role) : .of(role)
        switch TopologyFile.load(path: configurationPath, files: files, surroundings: Self.surroundings(of: role)) {
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
}
