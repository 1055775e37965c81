import MailVocabulary

/// Everything that the decision on one recipient may depend on, besides configuration, directory and connector states.
public struct RecipientFacts: Hashable, Sendable {
    public var origin: MailOrigin
    public var reversePath: ReversePath
    /// The address written to.
    public var recipient: EmailAddress
    /// What the message is expected to hold, in octets: `SIZE=` at `RCPT`, the true size later; nil where it is not known.
    public var size: Int?
    /// Spreads messages among equal connectors; all recipients of one message are spread alike.
    public var message: QueueID
    public var time: Timestamp

    public init(
        origin: MailOrigin, reversePath: ReversePath, recipient: EmailAddress, size: Int? = nil, message: QueueID, time: Timestamp
    ) {
        (self.origin, self.reversePath, self.recipient) = (origin, reversePath, recipient)
        (self.size, self.message, self.time) = (size, message, time)
    }
}
