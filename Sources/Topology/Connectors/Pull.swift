import MailVocabulary

/// Asking a remote server for the mail it holds for us (S26 to S28).
public struct Pull: Hashable, Sendable {
    public let method: HoldFor.Trigger
    /// Our domains that it holds mail for; one or more.
    public let domains: [DomainName]
    /// The server that is asked; nil: the connector's smart hosts.
    public let from: SmartHost?
    /// At each connection that sends (S26).
    public let whenSending: Bool
    /// And at these times, also when nothing is to be sent (S27).
    public let times: [WeeklyMoment]
    public let location: SourceLocation

    public init(
        method: HoldFor.Trigger, domains: [DomainName], from: SmartHost? = nil, whenSending: Bool = true, times: [WeeklyMoment] = [],
        location: SourceLocation = .builtIn
    ) {
        (self.method, self.domains, self.from) = (method, domains, from)
        (self.whenSending, self.times, self.location) = (whenSending, times, location)
    }
}
