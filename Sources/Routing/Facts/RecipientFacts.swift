import MailVocabulary
import Topology

/// Everything that the decision on one recipient may depend on, besides configuration, directory and connector states.
///
/// What is not known at `RCPT` is nil, and no rule refuses for what it does not know: `confirm` asks again when the message is there.
public struct RecipientFacts: Hashable, Sendable {
    public var origin: MailOrigin
    public var reversePath: ReversePath
    /// The address written to.
    public var recipient: EmailAddress
    /// What the message is expected to hold, in octets: `SIZE=` at `RCPT`, the true size later; nil where it is not known.
    public var size: Int?
    /// What the header says (`X-Priority`, `Importance`, `MT-Priority`); nil before the header is there.
    public var priority: ContentRestrictions.Priority?
    /// Whether a program wrote it (RFC 3834); nil before the header is there. What has no reverse-path is a program's in any case.
    public var isAutomatic: Bool?
    /// Spreads messages among equal connectors; all recipients of one message are spread alike.
    public var message: QueueID
    public var time: Timestamp
    /// Seconds that local time is ahead of UTC at `time`: schedules are in local time.
    public var utcOffset: Int

    public init(
        origin: MailOrigin, reversePath: ReversePath, recipient: EmailAddress, size: Int? = nil,
        priority: ContentRestrictions.Priority? = nil, isAutomatic: Bool? = nil, message: QueueID, time: Timestamp, utcOffset: Int = 0
    ) {
        (self.origin, self.reversePath, self.recipient) = (origin, reversePath, recipient)
        (self.size, self.priority, self.isAutomatic) = (size, priority, isAutomatic)
        (self.message, self.time, self.utcOffset) = (message, time, utcOffset)
    }

    /// Whether it is a system message (E15): ours, without a reverse-path, or a program's. nil where that cannot be told yet.
    public var isSystem: Bool? { origin == .system || reversePath == .null ? true : isAutomatic }
}
