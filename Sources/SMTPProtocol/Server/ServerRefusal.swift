import MailVocabulary

/// A reply of 4yz or 5yz that a session says by itself, with what it knows: for the log, where every refusal names itself (law 4).
///
/// What the host answered (`.recipientAnswered`, `.contentAnswered`, `.authenticationFailed`) is the host's to log.
public struct ServerRefusal: Hashable, Sendable {
    /// As the client hears it. Where a group of commands is open, replies before it may end the session first.
    public let reply: Reply
    /// The rule of the virtual server that says so; nil: SMTP itself, or a limit that holds for now.
    public let rule: SessionRule?
    /// nil before `MAIL`, and outside of a transaction.
    public let sender: EnvelopeSender?
    /// The recipient that it is about, where it is about one.
    public let recipient: EnvelopeRecipient?
    /// Whether it concerns the last transaction that began, and with it the recipients that were accepted.
    public let isOfTransaction: Bool

    public init(
        _ reply: Reply, by rule: SessionRule? = nil, sender: EnvelopeSender? = nil, recipient: EnvelopeRecipient? = nil,
        isOfTransaction: Bool = false
    ) {
        (self.reply, self.rule, self.sender, self.recipient) = (reply, rule, sender, recipient)
        self.isOfTransaction = isOfTransaction
    }
}

/// Why a transaction ends without a message.
public enum TransactionEnd: Hashable, Sendable {
    /// RSET, a new greeting, STARTTLS or QUIT.
    case byClient
    /// The connection is gone.
    case connectionLost
    /// A reply of 4yz or 5yz ends it: a ``ServerRefusal`` says which.
    case refused
}
