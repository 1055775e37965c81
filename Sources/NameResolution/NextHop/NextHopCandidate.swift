import MailVocabulary

/// One address to try for a next hop.
public struct NextHopCandidate: Hashable, Sendable {
    /// The name of the host, for TLS and logs; nil for an address literal.
    public let host: DomainName?
    public let address: IPAddress

    public init(host: DomainName?, address: IPAddress) {
        (self.host, self.address) = (host, address)
    }
}
