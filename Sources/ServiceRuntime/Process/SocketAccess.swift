import CoreLink
import Topology

#if canImport(Glibc)
    import Glibc
#endif

/// Who may use which socket: each role's account its own, the control socket root, the core's account and the configured group.
public struct SocketAccess {
    /// The account of the daemon that makes the sockets.
    public let own: Account
    private let accounts: [Role: Account]
    private let controlGroupID: UInt32?
    private let shared: SharedGroups

    /// Whether this process gives sockets to other accounts without root. Such a process leaves the folders as it finds them: they are made
    /// for several accounts, and not by it.
    public var givesByGroup: Bool { !shared.isEmpty }

    /// - Parameters:
    ///   - role: of the daemon that makes the sockets.
    ///   - areInherited: whether somebody who can has made them already, as systemd does before it starts each daemon as its account.
    /// - Throws: `AccountError`, where `run_as` names an account that does not exist; `NoSuchGroup`.
    public init(_ topology: Topology, of role: Role, areInherited: Bool = false) throws {
        var accounts: [Role: Account] = [:]
        // Sockets that are made already need nobody to give them.
        shared = try SharedGroups(areInherited ? RunAs() : topology.runAs, maker: role)
        // Otherwise only root can make its daemons different accounts, and all are who started them.
        if Account.isSuperuser || areInherited || !shared.isEmpty {
            for (role, account) in topology.runAs.accounts { accounts[role] = try Account.named(account.name) }
        }
        self.accounts = accounts
        own = Account.isSuperuser ? accounts[role] ?? Account.current : Account.current
        controlGroupID = try topology.controlGroup.map(Self.groupID)
    }

    public struct NoSuchGroup: Error, CustomStringConvertible {
        let name: String
        public var description: String { "control_group: there is no group '\(name)' on this system" }
    }

    /// Whether only root can give the sockets to their accounts.
    public var needsRoot: Bool { own.userID != Account.current.userID }

    /// Whether others than the account that starts the core must pass through the runtime directory to their sockets.
    public var hasOthers: Bool { controlGroupID != nil || accounts.values.contains { $0.userID != Account.current.userID } }

    public func userID(of role: Role) -> UInt32 { accounts[role]?.userID ?? Account.current.userID }

    public func access<LinkedRole: LinkRole>(_ role: Role, _: LinkedRole.Type) -> LinkServer<LinkedRole>.Access {
        let user = userID(of: role)
        if let group = shared[role] {
            // The kernel lets a file's owner give it to any group of his own (chown(2)).
            return .init(userIDs: [user], owner: (UInt32.max, group), mode: 0o660)
        }
        return .init(userIDs: [user], owner: user == own.userID && !needsRoot ? nil : (user, UInt32.max), mode: 0o600)
    }

    /// Of the core alone.
    public var control: LinkServer<ControlLink>.Access {
        guard let controlGroupID else {
            return .init(userIDs: [0, own.userID], owner: needsRoot ? (own.userID, UInt32.max) : nil, mode: 0o600)
        }
        // Who can open the file is in the group, or is root: the kernel has checked it.
        return .init(userIDs: nil, owner: (own.userID, controlGroupID), mode: 0o660)
    }

    /// Looks at the file of a control socket that somebody else has made: its mode decides who may use it, and there is no other check.
    ///
    /// - Throws: `OpenControlSocket`, where it is open to others than root, the core's account and the configured group.
    public func checkInheritedControl(path: String) throws {
        guard let controlGroupID else { return }
        var file = stat()
        guard lstat(path, &file) == 0 else { throw OpenControlSocket(path: path, reason: String(cString: strerror(errno))) }
        guard file.st_uid == 0 || file.st_uid == own.userID else {
            throw OpenControlSocket(path: path, reason: "it belongs to the account \(file.st_uid)")
        }
        guard file.st_mode & 0o020 == 0 || file.st_gid == controlGroupID else {
            throw OpenControlSocket(path: path, reason: "it is open to the group \(file.st_gid), and control_group is \(controlGroupID)")
        }
        guard file.st_mode & 0o002 == 0 else { throw OpenControlSocket(path: path, reason: "it is open to everybody") }
    }

    public struct OpenControlSocket: Error, CustomStringConvertible {
        let path: String
        let reason: String
        public var description: String { "the control socket \(path) that was handed over cannot be used: \(reason)" }
    }

    private static func groupID(_ name: String) throws -> UInt32 {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { throw NoSuchGroup(name: name) }
        return entry.gr_gid
    }
}
