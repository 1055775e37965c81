import MailVocabulary

/// Who is asked for names (`resolver`).
public struct Resolver: Hashable, Sendable {
    /// A recursive name server.
    public struct Server: Hashable, Sendable {
        public let address: IPAddress
        /// UDP and TCP port, 1 to 65535.
        public let port: Int

        public init(address: IPAddress, port: Int = 53) { (self.address, self.port) = (address, port) }
    }

    /// Validation of answers (RFC 4035).
    public enum DNSSEC: Hashable, Sendable {
        case off
        /// With the root anchor that the system keeps.
        case systemTrustAnchor
        /// With the anchor in this file, absolute.
        case trustAnchor(file: String)
    }

    /// The servers that are asked for everything; none: those of the system.
    public let servers: [Server]
    public let dnssec: DNSSEC
    /// A file in the format of hosts(5), absolute; its names are never asked of a server.
    public let hostsFile: String?

    public init(servers: [Server] = [], dnssec: DNSSEC = .systemTrustAnchor, hostsFile: String? = nil) {
        (self.servers, self.dnssec, self.hostsFile) = (servers, dnssec, hostsFile)
    }
}
