import MailVocabulary

/// By what this system recognises itself among the mail exchangers of a domain.
public struct OwnIdentity: Hashable, Sendable {
    /// Host names, as `EHLO` and the banner say them.
    public let names: Set<DomainName>
    /// The addresses that take mail on port 25; a wildcard listener stands for all addresses of the machine.
    public let addresses: Set<IPAddress>

    public init(names: Set<DomainName> = [], addresses: Set<IPAddress> = []) {
        (self.names, self.addresses) = (names, addresses)
    }

    func contains(_ host: DomainName, _ lookup: AddressLookup?) -> Bool {
        if names.contains(host) { return true }
        guard case .addresses(let found) = lookup else { return false }
        return found.contains { addresses.contains($0) }
    }
}
