import MailVocabulary

/// Where a message comes from, as far as the decision asks.
///
/// What each kind of session can say is a type of its own: an edge session has no way to name an account (law 3). Sessions of a
/// submission server join with a case of their own, the only one with an account.
public enum MailOrigin: Hashable, Sendable {
    /// A stranger, at an edge server.
    case edge(EdgeSession)
    /// Postern itself: reports.
    case system
}

/// A session at an edge server: anonymous, whoever it is.
public struct EdgeSession: Hashable, Sendable {
    /// The name of the virtual server in the configuration.
    public let virtualServer: String
    public let clientAddress: IPAddress
    /// The host name that reverse DNS confirmed, if it did (S15).
    public let confirmedHostName: DomainName?

    public init(virtualServer: String, clientAddress: IPAddress, confirmedHostName: DomainName? = nil) {
        (self.virtualServer, self.clientAddress, self.confirmedHostName) = (virtualServer, clientAddress, confirmedHostName)
    }
}
