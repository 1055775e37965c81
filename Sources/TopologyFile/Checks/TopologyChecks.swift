import MailVocabulary
import Routing
import Topology

/// What a tree of the right shape can still say wrongly: references, contradictions, open relays, and what can never matter.
struct TopologyChecks {
    let topology: Topology
    let root: Value
    var report: Report
    /// What was wrong with the shape of the tree, before these checks found more: conclusions from what is not there would be wrong.
    let shape: Report
    /// What the proof of law 5 finds.
    let openings: [OpenRelayOpening]
    let surroundings: NetworkSurroundings

    init(topology: Topology, root: Value, report: Report, surroundings: NetworkSurroundings = .ignored) {
        (self.topology, self.root, self.report, shape, self.surroundings) = (topology, root, report, report, surroundings)
        openings =
            OpenRelayProof.openings(of: topology) + OpenRelayProof.openings(of: topology, neighbours: surroundings.neighbours)
    }

    /// Octets of a Unix socket's path with its end mark (`sun_path`, unix(7)).
    static let maximumSocketPath = 108
    /// What postern-delivery holds at once in all, whatever the profiles say.
    static let mostOutgoingConnections = 1400
    /// The sockets in the runtime directory.
    static let socketNames = ["edge.sock", "submission.sock", "delivery.sock", "mailbox.sock", "control.sock", "auth.sock"]

    mutating func run() {
        checkDirectories()
        checkBadmail()
        checkAccounts()
        checkListeners()
        for server in topology.virtualServers { check(server) }
        for connector in topology.connectors { check(connector) }
        checkAddressSpaces()
        checkCoverage()
        checkWaysRound()
        for (name, profile) in topology.outbound.sorted(by: { $0.key < $1.key }) { check(profile, named: name) }
        checkUses()
        checkDomainAliases()
        checkPermissions()
        checkPostmaster()
        checkNames()
    }

    /// Where a key stands, and its path; where it is not written, the nearest key above.
    func place(_ keys: String...) -> (location: SourceLocation, path: String) { place(keys) }

    func place(_ keys: [String]) -> (location: SourceLocation, path: String) {
        var (value, location, path) = (root, root.location, "")
        for key in keys {
            path = path.isEmpty ? key : "\(path).\(key)"
            guard let entry = value.entry(key) else { break }
            (value, location) = (entry.value, entry.keyLocation)
        }
        return (location, path)
    }

    func value(_ keys: String...) -> Value? {
        var value: Value? = root
        for key in keys { value = value?[key] }
        return value
    }

    /// A dialogue with which a stranger would relay, where the proof found one.
    func transcript(of rule: OpenRelayOpening.Rule) -> [String] { openings.first { $0.rule == rule }?.transcript ?? [] }

    // MARK: The machine

    private mutating func checkDirectories() {
        let longest = Self.socketNames.map(\.utf8.count).max() ?? 0
        let room = Self.maximumSocketPath - 1 - 1 - longest
        let length = topology.runtimeDirectory.utf8.count
        if length > room {
            let place = place("runtime_directory")
            report.error(
                place.location, place.path, "`\(topology.runtimeDirectory)` is \(length) octets long: too long for a socket path",
                accepted: "a path of at most \(room) octets, all folders above this file counted")
        }
        for key in ["state_directory", "runtime_directory"] where value(key)?.text != nil {
            let directory = key == "state_directory" ? topology.stateDirectory : topology.runtimeDirectory
            if directory == "/" {
                report.error(place(key).location, key, "the root folder cannot be used", accepted: "a folder of its own")
            }
        }
        if topology.stateDirectory == topology.runtimeDirectory {
            report.error(
                place("runtime_directory").location, "runtime_directory", "it is the same folder as state_directory",
                accepted: "a folder of its own")
        }
    }

    /// Only there may the core write.
    private mutating func checkBadmail() {
        let (folder, state) = (topology.reports.badmailDirectory, topology.stateDirectory)
        guard !folder.hasPrefix(state + "/") || folder.split(separator: "/").contains("..") else { return }
        let place = place("reports", "badmail")
        report.error(
            place.location, place.path, "`\(folder)` is not within the state directory, where the core may write",
            accepted: "a folder in \(state)")
    }

    private mutating func checkAccounts() {
        guard let core = topology.runAs.accounts[.core] else { return }
        for role in Role.allCases where role != .core {
            guard let account = topology.runAs.accounts[role], account.name == core.name else { continue }
            report.warning(
                account.location, "run_as.\(role.rawValue)",
                "the account of the core: postern-\(role.rawValue) is not isolated from queue and directory")
        }
    }

    private mutating func checkNames() {
        if topology.hostname.parent == nil, value("hostname") != nil {
            report.warning(
                place("hostname").location, "hostname", "`\(topology.hostname)` is not a full domain name: other servers may refuse it")
        }
        if !topology.domains.isEmpty, !topology.receives(topology.defaultDomain), !report.hasErrors(in: "default_domain") {
            report.warning(
                place("default_domain").location, "default_domain",
                "`\(topology.defaultDomain)` is not among `domains`: bare names are strangers")
        }
        let failures = topology.identity.failures
        if failures.delay > failures.maximumDelay {
            let place = place("identity", "failures", "delay")
            report.error(
                place.location, place.path, "the delay is longer than maximum_delay",
                accepted: "at most \(DurationText.describe(failures.maximumDelay))")
        }
    }

    private mutating func checkPermissions() {
        guard !topology.domains.isEmpty else { return }
        for (index, entry) in topology.permissions.receive.enumerated() {
            for recipient in entry.recipients {
                switch recipient.kind {
                case .user(let address), .group(let address):
                    if address.domain.name.map({ topology.domains[$0] == nil }) ?? true {
                        report.warning(
                            recipient.location, "permissions.receive[\(index)].to",
                            "`\(recipient)` is in none of our domains: the entry can never matter for it")
                    }
                }
            }
        }
    }

    // MARK: What nothing uses

    private mutating func checkUses() {
        let profiles = Set(topology.connectors.map(\.outbound))
        for entry in value("outbound")?.entries ?? [] where entry.key != OutboundProfile.defaultName && !profiles.contains(entry.key) {
            report.warning(entry.keyLocation, entry.value.path, "no connector uses this profile: it can never matter")
        }
        let certificates = Set(topology.virtualServers.flatMap(\.tls.certificates))
        for entry in value("certificates")?.entries ?? [] where !certificates.contains(entry.key) {
            report.warning(entry.keyLocation, entry.value.path, "no virtual server uses this certificate: it can never matter")
        }
    }
}
