import MailVocabulary

/// How outgoing mail is sent (S03 to S07, E07 to E11); connectors name one.
public struct OutboundProfile: Hashable, Sendable {
    /// The profile of connectors that name none.
    public static let defaultName = "default"

    public let name: String
    public let location: SourceLocation
    public let connections: OutboundConnections
    public let source: OutboundSource
    public let retry: RetryIntervals
    /// After so long, the sender hears that the message still waits (E08); nil: never.
    public let delayNotification: Duration?
    /// After so long, the message is given up and reported (E09).
    public let expiration: Duration
    /// Replaces the domain of reverse-paths (E11).
    public let masqueradeDomain: DomainName?

    public init(
        name: String = defaultName, location: SourceLocation = .builtIn, connections: OutboundConnections = OutboundConnections(),
        source: OutboundSource = OutboundSource(), retry: RetryIntervals = RetryIntervals(),
        delayNotification: Duration? = .seconds(12 * 60 * 60), expiration: Duration = .seconds(5 * 24 * 60 * 60),
        masqueradeDomain: DomainName? = nil
    ) {
        (self.name, self.location, self.connections, self.source) = (name, location, connections, source)
        (self.retry, self.delayNotification, self.expiration) = (retry, delayNotification, expiration)
        self.masqueradeDomain = masqueradeDomain
    }
}
