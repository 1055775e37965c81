import MailVocabulary
import SMTPClient

/// How to reach one next hop now.
public struct HopPlan: Sendable {
    public struct Candidate: Sendable {
        public let endpoint: SMTPClientEndpoint
        /// As a report names it: a host name, or an address literal; nil for what is no host to others, as a Unix socket.
        public let host: String?
        /// As a log names it: `mx1.example (192.0.2.25:25)`.
        public let name: String

        /// How it is talked to: one host's certificate and login are not another's.
        public let settings: SMTPClientSettings

        public init(endpoint: SMTPClientEndpoint, host: String?, name: String, settings: SMTPClientSettings) {
            (self.endpoint, self.host, self.name, self.settings) = (endpoint, host, name, settings)
        }
    }

    /// In the order in which they are tried; at least one.
    public let candidates: [Candidate]
    public let source: SourceAddresses
    /// S07: after so many transactions a new connection is opened; nil: no limit.
    public let messagesPerConnection: Int?

    public init(candidates: [Candidate], source: SourceAddresses, messagesPerConnection: Int?) {
        (self.candidates, self.source, self.messagesPerConnection) = (candidates, source, messagesPerConnection)
    }

    /// Tells hosts apart, which may have several addresses.
    func hostKey(of candidate: Int) -> String { candidates[candidate].host ?? candidates[candidate].name }
    /// All hosts.
    var hostKeys: Set<String> { Set(candidates.indices.map(hostKey)) }

    /// The addresses to be tried together next: those of the host of the first that is left, as far as they stand in a row.
    ///
    /// - Parameters:
    ///   - tried: candidates that are not to be tried again.
    ///   - isSlow: whether it did not answer lately while another of its host did: it goes behind.
    func nextHost(tried: Set<Int>, isSlow: (Candidate) -> Bool) -> [Int] {
        guard let first = candidates.indices.first(where: { !tried.contains($0) }) else { return [] }
        let host = hostKey(of: first)
        let addresses = candidates.indices[first...].prefix { hostKey(of: $0) == host }.filter { !tried.contains($0) }
        return addresses.filter { !isSlow(candidates[$0]) } + addresses.filter { isSlow(candidates[$0]) }
    }
}

/// What is known of a next hop when work for it comes.
public enum HopResolution: Sendable {
    case plan(HopPlan)
    /// There is no way to it: for now (4yz), or at all (5yz).
    case failure(Reply)
}
