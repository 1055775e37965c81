import MailVocabulary

/// A next hop that could not be reached, and when it is tried again.
public struct UnreachableHop: Hashable, Sendable {
    public let route: Route
    /// The first failure in a row.
    public let since: Timestamp
    /// When it is tried again.
    public let until: Timestamp
    /// Failures in a row; at least 1.
    public let failures: UInt32
    /// What was said last.
    public let lastError: String

    public init(route: Route, since: Timestamp, until: Timestamp, failures: UInt32, lastError: String) {
        (self.route, self.since, self.until, self.failures, self.lastError) = (route, since, until, failures, lastError)
    }
}
