import Topology

/// A daemon that `postern up` runs, in the order in which they start.
enum SupervisedDaemon: String, CaseIterable, Hashable, Sendable {
    case core
    case delivery
    case mailbox
    case auth
    case edge
    case submission

    /// The executable, in the folder of `postern` itself.
    var executableName: String { "postern-\(rawValue)" }

    var role: Role {
        switch self {
        case .core: .core
        case .delivery: .delivery
        case .mailbox: .mailbox
        case .auth: .auth
        case .edge: .edge
        case .submission: .submission
        }
    }

    /// The order of the end: first what takes mail in, then what hands it out, last what holds it.
    static let stopStages: [[SupervisedDaemon]] = [[.edge, .submission], [.auth, .delivery, .mailbox], [.core]]

    /// Those that a configuration has work for.
    static func needed(by topology: Topology) -> [SupervisedDaemon] {
        let hasSubmission = topology.virtualServers.contains { !$0.isEdge }
        let hasEdge = topology.virtualServers.contains(where: \.isEdge)
        return allCases.filter { daemon in
            switch daemon {
            case .core, .delivery, .mailbox: true
            case .edge: hasEdge
            case .auth, .submission: hasSubmission
            }
        }
    }
}
