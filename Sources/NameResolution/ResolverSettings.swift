import MailVocabulary

/// What a ``DNSResolver`` asks, and how long and how much at once.
public struct ResolverSettings: Hashable, Sendable {
    /// A recursive name server.
    public struct Server: Hashable, Sendable {
        public let address: IPAddress
        /// UDP and TCP port.
        public let port: UInt16

        public init(address: IPAddress, port: UInt16 = 53) {
            (self.address, self.port) = (address, port)
        }
    }

    /// DNSSEC validation (RFC 4035).
    public enum Validation: Hashable, Sendable {
        /// Answers are taken as they come, and none is called secure.
        case off
        /// Answers below the DS or DNSKEY records in this file are validated; bogus ones are transient failures.
        case trustAnchor(file: String)
    }

    /// The servers that are asked for everything; none: those of the system (``systemFile``).
    public var servers: [Server]
    /// A file in the format of hosts(5), followed as it changes; its names are never asked of a server for their addresses.
    public var hostsFile: String?
    public var validation: Validation
    /// The time one lookup may take where the caller gives none.
    public var deadline: Duration
    /// Lookups under way at once; one more is a transient failure.
    ///
    /// A lookup whose deadline has passed counts until libunbound has given it up, because it occupies memory that long.
    public var maximumOutstanding: Int
    /// The system's file in the format of resolv.conf(5), followed as it changes; read only where there are no ``servers``.
    var systemFile = "/etc/resolv.conf"
    /// UDP and TCP port of the system's servers: tests have another.
    var systemPort: UInt16 = 53

    public init(
        servers: [Server] = [], hostsFile: String? = nil, validation: Validation = .off, deadline: Duration = .seconds(10),
        maximumOutstanding: Int = 10_000
    ) {
        self.servers = servers
        self.hostsFile = hostsFile
        self.validation = validation
        self.deadline = deadline
        self.maximumOutstanding = maximumOutstanding
    }
}
