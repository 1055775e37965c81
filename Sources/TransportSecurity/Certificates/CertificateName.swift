import MailVocabulary

/// What a certificate can be for (RFC 5280 §4.2.1.6).
public enum CertificateName: Hashable, Sendable {
    case host(DomainName)
    /// `*.` before the name: every name that is one label longer.
    case wildcard(DomainName)
    case address(IPAddress)

    /// Reads `mail.example`, `*.example`, `192.0.2.1` or `2001:db8::1`; U-labels become A-labels. Nil for anything else.
    public init?(parsing text: some StringProtocol) {
        if let address = IPAddress(parsing: text) {
            self = .address(address)
        } else if text.hasPrefix("*."), let name = DomainName(parsing: text.dropFirst(2)) {
            self = .wildcard(name)
        } else if let name = DomainName(parsing: text) {
            self = .host(name)
        } else {
            return nil
        }
    }

    /// As openssl.cnf writes it: `DNS:mail.example`, `IP:192.0.2.1`.
    var configurationText: String {
        switch self {
        case .host, .wildcard: "DNS:\(self)"
        case .address: "IP:\(self)"
        }
    }
}

extension CertificateName: CustomStringConvertible {
    public var description: String {
        switch self {
        case .host(let name): name.text
        case .wildcard(let name): "*.\(name.text)"
        case .address(let address): address.description
        }
    }
}
