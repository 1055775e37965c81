import MailVocabulary
import Topology

/// Somebody who may stand in a list of users and groups: the account, the reverse-path, or a recipient.
struct Person: Sendable {
    let address: EmailAddress
    private var key: AddressKey?
    /// Asked for once, and only where a list names groups.
    private var groups: Set<AddressKey>?

    init(_ address: EmailAddress) { self.address = address }

    /// What of a list names this person, itself or as a member; nil where nothing does.
    mutating func match<D: RoutingDirectory>(
        in list: PrincipalSet, _ table: RoutingTable, _ directory: D
    ) throws(D.Failure) -> Principal? {
        if list.isEmpty { return nil }
        let key = self.key ?? AddressKey(table.meant(by: address))
        self.key = key
        if let found = list.named(key) { return found }
        if list.namesGroups {
            // Strangers are members of nothing that the directory need be asked for.
            if groups == nil {
                let meant = table.meant(by: address)
                groups = table.ourDomain(meant.domain) == nil ? [] : try directory.groups(of: meant)
            }
            if let groups, let found = list.group(among: groups) { return found }
        }
        return nil
    }
}
