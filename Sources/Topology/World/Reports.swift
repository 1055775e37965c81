import MailVocabulary

/// What becomes of reports besides their delivery (`reports`).
public struct Reports: Hashable, Sendable {
    /// Gets a copy of every non-delivery report (E04).
    public let copyTo: EmailAddress?
    /// The folder for reports that can themselves not be delivered (E05), absolute.
    public let badmailDirectory: String

    public init(copyTo: EmailAddress? = nil, badmailDirectory: String = "/var/lib/postern/badmail") {
        (self.copyTo, self.badmailDirectory) = (copyTo, badmailDirectory)
    }
}
