import MailVocabulary

/// One message on its way to one remote server: the envelope, and what must be known of the content before it is sent.
public struct OutgoingMessage: Hashable, Sendable {
    public let sender: EnvelopeSender
    /// Those that go in this transaction; the outcomes come in the same order.
    public let recipients: [EnvelopeRecipient]
    /// Octets of content, exactly as it will be given.
    public let size: Int
    /// Whether the content holds an octet above 127.
    public let has8BitContent: Bool

    public init(sender: EnvelopeSender, recipients: [EnvelopeRecipient], size: Int, has8BitContent: Bool) {
        (self.sender, self.recipients, self.size, self.has8BitContent) = (sender, recipients, size, has8BitContent)
    }
}
