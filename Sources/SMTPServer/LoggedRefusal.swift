import CoreLink
import MailVocabulary
import SMTPProtocol

/// What the log says of a refusal by a front end: everything that is known of who was refused and by what (law 4).
public struct LoggedRefusal: Sendable {
    /// As the client hears it.
    public let reply: Reply
    /// Of the rule, where it is one of the configuration.
    public let code: String?
    public let client: IPAddress
    public let envelope: LoggedEnvelope
}

/// An envelope as the log says it. Bounded, as a message may have any number of recipients.
public struct LoggedEnvelope: Sendable {
    public private(set) var queueID: QueueID?
    /// nil before `MAIL`.
    public private(set) var reversePath: ReversePath?
    /// The first of those that were accepted, or the one that the reply is about; at most ``mostRecipients``.
    public private(set) var recipients: [EmailAddress] = []
    /// All that were accepted, or one.
    public private(set) var recipientCount = 0

    /// Recipients that are named.
    public static let mostRecipients = 10

    init() {}

    /// Before the core knows of it.
    init(reversePath: ReversePath?, recipient: EmailAddress? = nil) {
        self.reversePath = reversePath
        if let recipient { (recipients, recipientCount) = ([recipient], 1) }
    }

    init(of transaction: SubmitTransaction) {
        (queueID, reversePath) = (transaction.queueID, transaction.reversePath)
        recipients = Array(transaction.acceptedRecipients.prefix(Self.mostRecipients))
        recipientCount = transaction.acceptedRecipients.count
    }

    /// The same transaction, of one recipient that was not accepted.
    func naming(_ recipient: EmailAddress) -> LoggedEnvelope {
        var one = self
        (one.recipients, one.recipientCount) = ([recipient], 1)
        return one
    }

    /// `a@example.org, b@example.org and 3 more`; nil where there is none.
    public var recipientsText: String? {
        guard !recipients.isEmpty else { return nil }
        let named = recipients.map(\.description).joined(separator: ", ")
        return recipientCount > recipients.count ? "\(named) and \(recipientCount - recipients.count) more" : named
    }
}
