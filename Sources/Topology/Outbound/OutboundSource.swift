import MailVocabulary

/// The local end of outgoing connections.
public struct OutboundSource: Hashable, Sendable {
    public enum Family: String, Hashable, Sendable, CaseIterable {
        case any, ipv4, ipv6
    }

    /// nil: the kernel's choice.
    public let ipv4: IPAddress?
    /// nil: the kernel's choice.
    public let ipv6: IPAddress?
    /// Which addresses of remote servers are used.
    public let family: Family

    public init(ipv4: IPAddress? = nil, ipv6: IPAddress? = nil, family: Family = .any) {
        (self.ipv4, self.ipv6, self.family) = (ipv4, ipv6, family)
    }
}
