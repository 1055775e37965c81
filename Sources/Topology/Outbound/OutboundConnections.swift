/// Outgoing connections of one profile; a limit that is nil does not hold.
public struct OutboundConnections: Hashable, Sendable {
    /// All at once (S03).
    public let limit: Int?
    /// At once to any one remote domain; not above `limit` (S05).
    public let limitPerDomain: Int?
    /// A connection that is silent for so long is closed (S04).
    public let timeout: Duration
    /// The TCP port of remote servers, 1 to 65535 (S06).
    public let port: Int
    /// Then a new connection is opened (S07).
    public let messagesPerConnection: Int?

    public init(
        limit: Int? = 1000, limitPerDomain: Int? = 100, timeout: Duration = .seconds(10 * 60), port: Int = 25,
        messagesPerConnection: Int? = 20
    ) {
        (self.limit, self.limitPerDomain, self.timeout) = (limit, limitPerDomain, timeout)
        (self.port, self.messagesPerConnection) = (port, messagesPerConnection)
    }
}
