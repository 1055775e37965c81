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
    /// The groups by which this process gives sockets to other accounts without root; empty where it does not.
    private let sharedGroups: [Role: UInt32]

    /// Whether this process gives sockets to other accounts without root: each by a group that both are members of.
    ///
    /// So it is where something else starts each daemon as its account, such as a container engine. Such a process leaves the folders
    /// as it finds them: they are made for several accounts, and not by it.
    public var givesByGroup: Bool { !sharedGroups.isEmpty }

    /// - Throws: `AccountError`, where `run_as` names an account that does not exist; `NoSuchGroup`.
    /// - Parameter role: of the daemon that makes the sockets.
    public init(_ topology: Topology, of role: Role) throws {
        var accounts: [Role: Account] = [:]
        sharedGroups = Account.isSuperuser ? [:] : try Self.sharedGroups(topology.runAs, role)
        // Otherwise only root can make its daemons different accounts, and all are who started them.
        if Account.isSuperuser || !sharedGroups.isEmpty {
            for (role, account) in topology.runAs.accounts { accounts[role] = try Account.named(account.name) }
        }
        self.accounts = accounts
        own = accounts[role] ?? Account.current
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
        if let group = sharedGroups[role] {
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

    /// A group for each other account that this process makes a socket for; empty unless this process is the account that `run_as` gives its
    /// role, and shares a group with every one of them.
    private static func sharedGroups(_ runAs: RunAs, _ role: Role) throws -> [Role: UInt32] {
        // A name that does not exist is no error here: not as root, `run_as` means nothing otherwise.
        guard let name = runAs.account(of: role), let own = try? Account.named(name), own.userID == Account.current.userID else {
            return [:]
        }
        var shared: [Role: UInt32] = [:]
        for (other, account) in runAs.accounts where role == .core || other == .submission {
            let account = try Account.named(account.name)
            guard account.userID != own.userID else { continue }
            guard let group = Self.sharedGroup(of: account, and: Self.currentGroups) else { return [:] }
            shared[other] = group
        }
        return shared
    }

    /// The account's own group, where this process is a member of it; otherwise the first other one that both are in.
    static func sharedGroup(of account: Account, and groups: Set<UInt32>) -> UInt32? {
        if groups.contains(account.groupID) { return account.groupID }
        var all = [gid_t](repeating: 0, count: largestGroupCount)
        var count = Int32(all.count)
        guard getgrouplist(account.name, account.groupID, &all, &count) >= 0 else { return nil }
        return all.prefix(Int(count)).sorted().first { groups.contains($0) }
    }

    private static var currentGroups: Set<UInt32> {
        var groups = [gid_t](repeating: 0, count: largestGroupCount)
        let count = getgroups(Int32(groups.count), &groups)
        return Set(groups.prefix(Int(max(0, count)))).union([getegid()])
    }

    /// NGROUPS_MAX of `<limits.h>`: as many as Linux knows.
    private static let largestGroupCount = 65536

    private static func groupID(_ name: String) throws -> UInt32 {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { throw NoSuchGroup(name: name) }
        return entry.gr_gid
    }
}
