import CoreLink
import Topology

extension LinkAddress {
    /// A role's socket as the configuration has it.
    ///
    /// Who listens there is the account of the core (of auth for `login`), or root, where that makes the sockets before it becomes the
    /// account, or a service manager does. Where `run_as` names no account, all daemons are the account that started them; root and the
    /// command line cannot know which that is.
    public init(of role: RoleName, in topology: Topology) {
        // A name that does not exist is told by the one who makes the sockets.
        let name = topology.runAs.account(of: role == .login ? .auth : .core)
        let maker = name.flatMap { try? Account.named($0) }
        let own = Account.current.userID
        let listeners: Set<UInt32>? =
            if let maker { [0, own, maker.userID] } else if own == 0 || role == .control { nil } else { [0, own] }
        self.init(path: "\(topology.runtimeDirectory)/\(role.socketName)", listeners: listeners)
    }
}
