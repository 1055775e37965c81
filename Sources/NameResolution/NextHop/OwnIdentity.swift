import MailVocabulary

/// By what this system recognises itself, where mail would come back to it (RFC 5321 §5.1).
public struct OwnIdentity: Hashable, Sendable {
    /// Host names, as `EHLO` and the banner say them.
    public let names: Set<DomainName>
    /// The addresses that take mail on the port that the next hop is connected to.
    public let addresses: Set<IPAddress>
    /// Whole networks of such addresses: `127.0.0.0/8` of a listener on all addresses.
    public let networks: [Subnet]
    /// Those of ``addresses`` that may be another machine's in a moment: a loop over them is a transient failure.
    public let uncertain: Set<IPAddress>

    public init(
        names: Set<DomainName> = [], addresses: Set<IPAddress> = [], networks: [Subnet] = [], uncertain: Set<IPAddress> = []
    ) {
        (self.names, self.addresses, self.networks, self.uncertain) = (names, addresses, networks, uncertain)
    }

    /// Whether a host is ourself for certain: by its name, or by an address that is ours to stay.
    func certainlyContains(_ host: DomainName, _ lookup: AddressLookup?) -> Bool {
        if names.contains(host) { return true }
        guard case .addresses(let found) = lookup else { return false }
        return found.contains { contains($0) && !uncertain.contains($0) }
    }

    func contains(_ address: IPAddress) -> Bool { addresses.contains(address) || networks.contains { $0.contains(address) } }

    func contains(_ host: DomainName, _ lookup: AddressLookup?) -> Bool {
        if names.contains(host) { return true }
        guard case .addresses(let found) = lookup else { return false }
        return found.contains { contains($0) }
    }
}
