import MailVocabulary

/// Where a message comes from, as far as the decision asks.
///
/// What each kind of session can say is a type of its own: an edge session has no way to name an account (law 3).
public enum MailOrigin: Hashable, Sendable {
    /// A stranger, at an edge server.
    case edge(EdgeSession)
    /// Somebody at a submission server, logged in or not.
    case submission(SubmissionSession)
    /// Postern itself: reports.
    case system

    /// Who is logged in, if anybody is.
    public var account: EmailAddress? {
        if case .submission(let session) = self { session.account } else { nil }
    }
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
