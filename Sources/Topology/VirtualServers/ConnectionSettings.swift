/// Who may connect, how many at once, and for how long without a word (`connections` of a virtual server).
public struct ConnectionSettings: Hashable, Sendable {
    /// Concurrent incoming connections (S01); nil: no limit.
    public let limit: Int?
    /// Concurrent incoming connections of one client network, before `budgets.larger` and `budgets.exempt`; nil: no limit.
    public let limitPerNetwork: Int?
    /// An incoming connection that is silent for so long is closed (S02).
    public let timeout: Duration
    /// Connection control by address, subnet and confirmed host name (S16).
    public let access: HostList
    /// Of `access`.
    public let accessLocation: SourceLocation

    public static let defaultLimit = 2000
    /// Strangers come from few connections each.
    public static let defaultLimitPerNetworkAtEdge = 50
    /// A whole office may be behind one address.
    public static let defaultLimitPerNetworkAtSubmission = 100

    public init(
        limit: Int? = ConnectionSettings.defaultLimit, limitPerNetwork: Int? = ConnectionSettings.defaultLimitPerNetworkAtEdge,
        timeout: Duration = .seconds(10 * 60), access: HostList = .everyone, accessLocation: SourceLocation = .builtIn
    ) {
        (self.limit, self.limitPerNetwork, self.timeout, self.access) = (limit, limitPerNetwork, timeout, access)
        self.accessLocation = accessLocation
    }
}
