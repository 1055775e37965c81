import Topology

/// A daemon that `postern up` runs, in the order in which they start.
enum SupervisedDaemon: String, CaseIterable, Hashable, Sendable {
    case core
    case delivery
    case mailbox
    case edge

    /// The executable, in the folder of `postern` itself.
    var executableName: String { "postern-\(rawValue)" }

    var role: Role {
        switch self {
        case .core: .core
        case .delivery: .delivery
        case .mailbox: .mailbox
        case .edge: .edge
        }
    }

    /// The order of the end: first what takes mail in, then what hands it out, last what holds it.
    static let stopStages: [[SupervisedDaemon]] = [[.edge], [.delivery, .mailbox], [.core]]
}
