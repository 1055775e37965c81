import MailVocabulary
import Topology

/// Addresses that accounts may send as besides their own (`permissions.send_as`), arranged for look-up.
struct SendAsIndex: Sendable {
    struct Grant: Sendable {
        let accounts: PrincipalSet
        let location: SourceLocation
    }

    private var grants: [AddressKey: [Grant]] = [:]

    /// - Parameter aliases: a grant of an address is one of its other spellings, too.
    init(_ permissions: [Permissions.SendAs], _ aliases: [DomainName: DomainAlias]) {
        for permission in permissions {
            let grant = Grant(accounts: PrincipalSet(permission.accounts), location: permission.location)
            for address in permission.addresses { grants[AddressKey(aliases.meant(by: address)), default: []].append(grant) }
        }
    }

    /// Those of the address itself, then those of all addresses of its domain (`*@domain`); each in the order of the configuration.
    ///
    /// - Parameter address: the one that is meant (``RoutingTable/meant(by:)``).
    func grants(of address: EmailAddress) -> [Grant] {
        if grants.isEmpty { return [] }
        let own = grants[AddressKey(address)] ?? []
        guard let all = address.catchAll, all != address else { return own }
        return own + (grants[AddressKey(all)] ?? [])
    }
}
