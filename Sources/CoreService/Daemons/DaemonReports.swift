import CoreLink
import Topology

/// What is not done of the configuration, and by which daemon.
struct Undone: Hashable, Sendable {
    let daemon: Role
    /// For an administrator.
    let sentence: String
}

/// Which daemons are connected, and what each said last of itself: a value without input, output and clock.
struct DaemonReports {
    /// One process.
    struct Daemon: Hashable {
        let role: Role
        /// Of its hello.
        let holder: UInt64
    }

    private struct Entry {
        let report: DaemonReport
        /// The connection that it came over; the daemon is there for as long as that.
        let session: ObjectIdentifier
        /// Reports are counted: what is said after a reload has a greater number than all before it.
        let number: Int
    }

    /// Processes of one role that are kept in mind; what others say is not heard.
    static let maximumOfRole = 16

    private var entries: [Daemon: Entry] = [:]
    private var count = 0

    mutating func say(_ report: DaemonReport, _ daemon: Daemon, over session: ObjectIdentifier) {
        guard entries[daemon] != nil || entries.keys.count(where: { $0.role == daemon.role }) < Self.maximumOfRole else { return }
        count += 1
        entries[daemon] = Entry(report: report, session: session, number: count)
    }

    mutating func ended(_ session: ObjectIdentifier) {
        for (daemon, entry) in entries where entry.session == session { entries[daemon] = nil }
    }

    var connected: Set<Daemon> { Set(entries.keys) }

    /// What is not done now.
    ///
    /// - Parameter needed: the daemons that the configuration has work for.
    func undone(needed: Set<Role>) -> [Undone] {
        missing(of: needed).map { .missing($0) } + said(entries)
    }

    private func missing(of needed: Set<Role>) -> [Role] {
        let present = Set(entries.keys.map(\.role))
        return Role.allCases.filter { needed.contains($0) && !present.contains($0) }
    }

    private func said(_ entries: [Daemon: Entry]) -> [Undone] {
        var said: [Undone] = []
        for role in Role.allCases {
            let own = entries.filter { $0.key.role == role }.sorted { $0.value.number < $1.value.number }
            for sentence in own.flatMap(\.value.report.undone) where !said.contains(Undone(daemon: role, sentence: sentence)) {
                said.append(Undone(daemon: role, sentence: sentence))
            }
        }
        return said
    }
}

// MARK: - After a reload

extension DaemonReports {
    /// What is awaited of the daemons after a reload.
    struct Awaited {
        /// That the core has taken up.
        let revision: String
        let needed: Set<Role>
        /// Those that were there.
        fileprivate let connected: Set<Daemon>
        fileprivate let number: Int
    }

    /// The time that those have which are connected.
    static let limit = Duration.seconds(10)
    /// The time that those have which are not: they may be about to be started again.
    static let absenceLimit = Duration.seconds(2)

    /// Before any daemon has heard of it.
    func beginReload(revision: String, needed: Set<Role>) -> Awaited {
        Awaited(revision: revision, needed: needed, connected: connected, number: count)
    }

    /// What is not done after a reload; nil while there is still something to wait for.
    func outcome(of awaited: Awaited, after elapsed: Duration) -> [Undone]? {
        let answered = entries.filter { $0.value.number > awaited.number && $0.value.report.revision == awaited.revision }
        let roles = Set(answered.keys.map(\.role))
        // One that was started again meanwhile has another name.
        let silent = Set(awaited.connected.filter { answered[$0] == nil && (entries[$0] != nil || !roles.contains($0.role)) }.map(\.role))
        let missing = missing(of: awaited.needed.subtracting(silent))
        let late = missing.isEmpty ? [] : Role.allCases.filter { missing.contains($0) }
        guard silent.isEmpty || elapsed >= Self.limit else { return nil }
        guard late.isEmpty || elapsed >= Self.absenceLimit else { return nil }
        // It came after the reload began and is still on its way.
        let others = awaited.needed.subtracting(silent).subtracting(missing).subtracting(roles)
        guard others.isEmpty || elapsed >= Self.limit else { return nil }
        let unheard = silent.union(others)
        return late.map { .missing($0) } + Role.allCases.filter { unheard.contains($0) }.map { .silent($0) } + said(answered)
    }
}

extension Undone {
    static func missing(_ role: Role) -> Undone {
        Undone(
            daemon: role,
            sentence:
                "is not connected to the core, and the configuration has work for it: start it, or where `postern up` runs the others, "
                + "start that again")
    }

    static func silent(_ role: Role) -> Undone {
        Undone(
            daemon: role,
            sentence:
                "has not said within \(DaemonReports.limit.components.seconds) s that it works with the new configuration: its log says "
                + "more")
    }
}
