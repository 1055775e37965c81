import MailVocabulary

/// Where a connector takes a recipient next. Work in the queue is grouped by connector and next hop.
public enum NextHop: Hashable, Sendable {
    /// The MX hosts of a domain (`deliver: dns`).
    case domain(DomainName)
    /// A host by its address: `user@[192.0.2.1]` over a connector with `deliver: dns`.
    case address(IPAddress)
    /// The smart hosts of the connector with this name.
    case smartHosts(connector: String)
    /// The MX hosts of a domain, or its address, and where none of them is reached the smart hosts of the connector (`direct_first`, E13).
    case directFirst(MailDomain)
    /// The host for recipients of this domain of ours that the directory does not know (`unknown_to`, E06); no connector has it.
    case unknownTo(DomainName)
    /// The Maildirs of the connector with this name.
    case maildir(connector: String)
    /// The LMTP server of the connector with this name.
    case lmtp(connector: String)
    /// Held until it is asked for (`hold_for`, S29).
    case held(connector: String)
}

extension NextHop: CustomStringConvertible {
    /// A stable text, kept in the queue: `dns:far.example`, `dns:[192.0.2.1]`, `smart_hosts:NAME`, `direct_first:far.example`,
    /// `unknown_to:ours.example`, `maildir:NAME`, `lmtp:NAME`, `held:NAME`.
    public var description: String {
        switch self {
        case .domain(let name): "dns:\(name)"
        case .address(let address): "dns:\(address.literal)"
        case .smartHosts(let connector): "smart_hosts:\(connector)"
        case .directFirst(let domain): "direct_first:\(domain)"
        case .unknownTo(let domain): "unknown_to:\(domain)"
        case .maildir(let connector): "maildir:\(connector)"
        case .lmtp(let connector): "lmtp:\(connector)"
        case .held(let connector): "held:\(connector)"
        }
    }

    /// Reads what `description` wrote; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        let value = String(parts[1])
        switch parts[0] {
        case "dns":
            switch Self.domain(value) {
            case .name(let name): self = .domain(name)
            case .literal(let address): self = .address(address)
            case nil: return nil
            }
        case "direct_first":
            guard let domain = Self.domain(value) else { return nil }
            self = .directFirst(domain)
        case "unknown_to":
            guard let name = DomainName(inAddress: value) else { return nil }
            self = .unknownTo(name)
        case "smart_hosts": self = .smartHosts(connector: value)
        case "maildir": self = .maildir(connector: value)
        case "lmtp": self = .lmtp(connector: value)
        case "held": self = .held(connector: value)
        default: return nil
        }
    }

    /// The domain of an address has the same grammar, literals included.
    private static func domain(_ text: String) -> MailDomain? { EmailAddress(parsing: "x@" + text)?.domain }
}
