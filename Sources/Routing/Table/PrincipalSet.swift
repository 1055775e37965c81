import MailVocabulary
import Topology

/// A list of users and groups, arranged for look-up.
struct PrincipalSet: Sendable {
    private var users: [AddressKey: Principal] = [:]
    private var groups: [AddressKey: Principal] = [:]

    init(_ principals: some Sequence<Principal>) {
        for principal in principals {
            switch principal.kind {
            case .user(let address): insert(principal, into: &users, address)
            case .group(let address): insert(principal, into: &groups, address)
            }
        }
    }

    /// Of two that are equal, the first is the one that is cited.
    private func insert(_ principal: Principal, into entries: inout [AddressKey: Principal], _ address: EmailAddress) {
        let key = AddressKey(address)
        if entries[key] == nil { entries[key] = principal }
    }

    var isEmpty: Bool { users.isEmpty && groups.isEmpty }
    var namesGroups: Bool { !groups.isEmpty }

    /// The user of this address, or the group that has it itself.
    func named(_ key: AddressKey) -> Principal? { users[key] ?? groups[key] }

    /// One of the groups; of several, the one that is written first.
    func group(among memberships: Set<AddressKey>) -> Principal? {
        let shorter = memberships.count < groups.count
        let found = shorter ? memberships.compactMap { groups[$0] } : groups.compactMap { memberships.contains($0.key) ? $0.value : nil }
        return found.min { ($0.location, $0.description) < ($1.location, $1.description) }
    }
}
