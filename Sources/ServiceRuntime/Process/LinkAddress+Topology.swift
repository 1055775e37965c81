import CoreLink
import Topology

extension LinkAddress {
    /// A role's socket as the configuration has it.
    ///
    /// Who listens there is the account of the core (of auth for `login`), or root, where that makes the sockets before it becomes the
    /// account, or a service manager does. Where `run_as` names no account, all daemons are the account that started them; root and the
    /// command line cannot know which that is. Neither can a process in a user namespace that has no number for the account: there the modes of
    /// the folders are what there is.
    public init(of role: RoleName, in topology: Topology) {
        self.init(path: role.path(in: topology.runtimeDirectory), listeners: Self.listeners(of: role, in: topology))
    }

    private static func listeners(of role: RoleName, in topology: Topology) -> Set<UInt32>? {
        let own = Account.current.userID
        // A name that does not exist is told by the one who makes the sockets.
        if let name = topology.runAs.account(of: role == .login ? .auth : .core), let maker = try? Account.named(name) {
            return UserNamespace.has(maker.userID) ? [0, own, maker.userID] : nil
        }
        return own == 0 || role == .control ? nil : [0, own]
    }
}
