import MailVocabulary
import NIOCore

/// Work that is with a holder.
struct Lease {
    let entry: WorkEntry
    let recipients: [WorkEntry.Recipient]
    /// The process that holds it.
    let holder: UInt64
    /// The indices that the holder knows it by: those of `recipients`, and for a lease from before a restart perhaps some whose outcome
    /// was recorded then.
    let indices: Set<UInt32>
    let begunAt: NIODeadline
    /// By the monotonic clock: a leap of the wall clock ends no lease.
    var renewedAt: NIODeadline
    /// Its outcome is known and on the way to the disk: neither the end of its holder nor of its time gives the work to another.
    var isSettling = false

    /// - Parameter presented: the indices that its holder presented it with, after a restart.
    init(entry: WorkEntry, recipients: [WorkEntry.Recipient], holder: UInt64, presented: [UInt32]? = nil, now: NIODeadline) {
        (self.entry, self.recipients, self.holder) = (entry, recipients, holder)
        indices = presented.map { Set($0) } ?? Set(recipients.map(\.index))
        (begunAt, renewedAt) = (now, now)
    }
}

/// Work given out: one message and those of its recipients that go to one next hop.
public struct LeaseGrant: Sendable {
    public struct Recipient: Hashable, Sendable {
        public let index: UInt32
        /// Attempts that were over when it was given out: the generation that an outcome must match.
        public let attempts: UInt32
        public let recipient: EnvelopeRecipient
        /// The address that the sender wrote to, where it became another.
        public let writtenTo: EmailAddress?
    }

    public let id: LeaseID
    public let message: MessageHead
    public let route: Route
    public let recipients: [Recipient]
    /// It may have been given out before, and done, without anybody having said so.
    public let mayBeRepeat: Bool

    init(id: LeaseID, entry: WorkEntry, recipients: [WorkEntry.Recipient]) {
        (self.id, message, route, mayBeRepeat) = (id, entry.message, entry.hop.route, entry.mayBeRepeat)
        self.recipients = recipients.map {
            Recipient(index: $0.index, attempts: $0.attempts, recipient: $0.recipient, writtenTo: $0.writtenTo)
        }
    }
}
