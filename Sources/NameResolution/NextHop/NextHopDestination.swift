import MailVocabulary

/// Where a connector wants its mail to go.
public enum NextHopDestination: Hashable, Sendable {
    /// `deliver: dns`: the mail exchangers of the domain.
    case domain(DomainName)
    /// A smart host by name: its addresses, MX records are not asked for.
    case smartHost(DomainName)
    /// `deliver: dns` for `user@[192.0.2.1]`: nothing is looked up, and a stranger has chosen it.
    case addressLiteral(IPAddress)
    /// A smart host by address: nothing is looked up, and our administrator has chosen it.
    case smartHostAddress(IPAddress)
}

extension NextHopDestination: CustomStringConvertible {
    public var description: String {
        switch self {
        case .domain(let name), .smartHost(let name): name.text
        case .addressLiteral(let address), .smartHostAddress(let address): address.literal
        }
    }
}
