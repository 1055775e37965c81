import MailVocabulary

/// A session at a submission server.
public struct SubmissionSession: Hashable, Sendable {
    /// The name of the virtual server in the configuration.
    public let virtualServer: String
    public let clientAddress: IPAddress
    /// The host name that reverse DNS confirmed, if it did (S15).
    public let confirmedHostName: DomainName?
    /// The account that is logged in, by its mailbox's address as the directory has it; nil for nobody.
    public let account: EmailAddress?

    public init(virtualServer: String, clientAddress: IPAddress, confirmedHostName: DomainName? = nil, account: EmailAddress? = nil) {
        (self.virtualServer, self.clientAddress) = (virtualServer, clientAddress)
        (self.confirmedHostName, self.account) = (confirmedHostName, account)
    }
}
