import MailVocabulary

/// Which addresses of a host are wanted.
public enum AddressFamilies: Hashable, Sendable {
    case any
    case ipv4
    case ipv6

    func contains(_ family: IPAddress.Family) -> Bool {
        switch self {
        case .any: true
        case .ipv4: family == .ipv4
        case .ipv6: family == .ipv6
        }
    }

    /// What a host that has none of them lacks.
    var missing: String {
        switch self {
        case .any: "no address"
        case .ipv4: "no IPv4 address"
        case .ipv6: "no IPv6 address"
        }
    }
}
