import MailVocabulary

/// Where a connector wants its mail to go.
public enum NextHopDestination: Hashable, Sendable {
    /// `deliver: dns`: the mail exchangers of the domain.
    case domain(DomainName)
    /// A smart host by name: its addresses, MX records are not asked for.
    case smartHost(DomainName)
    /// `[192.0.2.1]`: nothing is looked up.
    case address(IPAddress)
}

extension NextHopDestination: CustomStringConvertible {
    public var description: String {
        switch self {
        case .domain(let name), .smartHost(let name): name.text
        case .address(let address): address.literal
        }
    }
}
