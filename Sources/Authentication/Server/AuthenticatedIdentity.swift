import MailVocabulary

/// Who has proven to be who.
public struct AuthenticatedIdentity: Hashable, Sendable {
    /// In the form in which accounts have their names: the key of the credential that was used; after Kerberos, and where another
    /// system checked a password, the name with its domain.
    public let loginName: String
    /// The account that the credential belongs to; nil where another system vouched and the directory has no credential of that
    /// name. Whether there is such an account is for the core to say.
    public let account: EmailAddress?
    public let mechanism: SASLMechanism
}
