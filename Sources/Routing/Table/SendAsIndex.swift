import MailVocabulary
import Topology

/// Addresses that accounts may send as besides their own (`permissions.send_as`), arranged for look-up.
struct SendAsIndex: Sendable {
    struct Grant: Sendable {
        let accounts: PrincipalSet
        let location: SourceLocation
    }

    private var grants: [AddressKey: [Grant]] = [:]

    init(_ permissions: [Permissions.SendAs]) {
        for permission in permissions {
            let grant = Grant(accounts: PrincipalSet(permission.accounts), location: permission.location)
            for address in permission.addresses { grants[AddressKey(address), default: []].append(grant) }
        }
    }

    /// In the order of the configuration.
    func grants(of address: AddressKey) -> [Grant] { grants[address] ?? [] }
}
