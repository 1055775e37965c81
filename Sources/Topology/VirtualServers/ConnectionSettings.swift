/// Who may connect, how many at once, and for how long without a word (`connections` of a virtual server).
public struct ConnectionSettings: Hashable, Sendable {
    /// Concurrent incoming connections (S01); nil: no limit.
    public let limit: Int?
    /// Concurrent incoming connections of one client address; nil: no limit.
    public let limitPerAddress: Int?
    /// An incoming connection that is silent for so long is closed (S02).
    public let timeout: Duration
    /// Connection control by address, subnet and confirmed host name (S16).
    public let access: HostList
    /// Of `access`.
    public let accessLocation: SourceLocation

    public init(
        limit: Int? = nil, limitPerAddress: Int? = nil, timeout: Duration = .seconds(10 * 60), access: HostList = .everyone,
        accessLocation: SourceLocation = .builtIn
    ) {
        (self.limit, self.limitPerAddress, self.timeout, self.access) = (limit, limitPerAddress, timeout, access)
        self.accessLocation = accessLocation
    }
}
