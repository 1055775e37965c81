import Topology

#if canImport(Glibc)
    import Glibc
#endif

/// The groups by which a process gives sockets to other accounts without root: each by a group that both are members of.
///
/// So it is where something else starts each daemon as its account, such as a container engine. Empty for root, for whoever is not the
/// account that `run_as` gives the role, and for who shares no group with one of the others: then all daemons are one account.
struct SharedGroups {
    private let groups: [Role: UInt32]

    var isEmpty: Bool { groups.isEmpty }

    subscript(role: Role) -> UInt32? { groups[role] }

    /// - Parameter maker: the role of this process: the core makes the sockets of all, and auth that of submission.
    /// - Throws: `AccountError`, where `run_as` names an account that does not exist.
    init(_ runAs: RunAs, maker: Role) throws {
        // A name that does not exist is no error here: not as root, `run_as` means nothing otherwise.
        guard !Account.isSuperuser, let name = runAs.account(of: maker), let own = try? Account.named(name),
            own.userID == Account.current.userID
        else {
            groups = [:]
            return
        }
        let current = Self.current
        var found: [Role: UInt32] = [:]
        for (other, account) in runAs.accounts where maker == .core || other == .submission {
            let account = try Account.named(account.name)
            guard account.userID != own.userID else { continue }
            guard let group = Self.shared(of: account, and: current) else {
                groups = [:]
                return
            }
            found[other] = group
        }
        groups = found
    }

    /// The account's own group, where it is one of these; otherwise the first one of these that the account is in.
    static func shared(of account: Account, and groups: Set<UInt32>) -> UInt32? {
        if groups.contains(account.groupID) { return account.groupID }
        var all = [gid_t](repeating: 0, count: maximumCount)
        var count = Int32(all.count)
        guard getgrouplist(account.name, account.groupID, &all, &count) >= 0 else { return nil }
        return all.prefix(Int(count)).sorted().first { groups.contains($0) }
    }

    /// Of this process.
    private static var current: Set<UInt32> {
        var groups = [gid_t](repeating: 0, count: maximumCount)
        let count = getgroups(Int32(groups.count), &groups)
        return Set(groups.prefix(Int(max(0, count)))).union([getegid()])
    }

    /// NGROUPS_MAX of `<limits.h>`: as many as Linux knows.
    private static let maximumCount = 65536
}
