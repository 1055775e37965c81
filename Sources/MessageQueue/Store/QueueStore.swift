import MailVocabulary
import NIOCore

/// The engine under the queue. Everything durable goes through it; SQLite is the one there is, and another (for several cores that
/// share one queue) can take its place.
///
/// Writes are submitted in order and become durable in groups; each is answered once, on the event loop that the store was made
/// for. Reads see everything that was answered before they were asked. Confined to that event loop.
public protocol QueueStore: AnyObject {
    /// Makes one change durable. The answer comes after it is on stable storage, or when it is certain that it is not and leaves
    /// no trace.
    func submit(_ operation: StoreOperation, completion: @escaping (Result<Void, StoreError>) -> Void)

    /// Recipients of one next hop that are due, oldest first; content only where it is inline and `contentBudget` (octets) allows.
    func due(route: Route, now: Timestamp, limit: Int, contentBudget: Int) -> EventLoopFuture<DueWindow>
    /// Due recipients of one next hop, of messages that were received before a time; no content is loaded.
    func expired(route: Route, receivedBefore: Timestamp, now: Timestamp, limit: Int) -> EventLoopFuture<[DueRecipient]>
    /// Hops in the order of their ids, from the one behind `after` on.
    func hops(after: HopID?, limit: Int) -> EventLoopFuture<[StoredHop]>
    /// Hops that have recipients whose next attempt lies in `(after, until]`, and the first next attempt behind `until`.
    func deferredHops(after: Timestamp, until: Timestamp) -> EventLoopFuture<(hops: [StoredHop], next: Timestamp?)>
    /// The message with the recipients that are left, whole but for content that lies in a file.
    func message(_ id: QueueID) -> EventLoopFuture<StoredMessage?>
    /// The same with those of these recipients alone that are left: a message may have very many.
    func message(_ id: QueueID, recipients: [UInt32]) -> EventLoopFuture<StoredMessage?>
    /// Recipients in the order of message and index, from behind `after` on.
    func entries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]>
    /// The same of those alone that are held because the configuration refuses them.
    func heldEntries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]>
    /// Held recipients whose time is over (E09), in any order.
    func heldEntries(endingBefore: Timestamp, limit: Int) -> EventLoopFuture<[QueueEntry]>
    /// How many recipients are held.
    func heldCount() -> EventLoopFuture<Int>
    /// How many recipients and messages wait.
    func counts() -> EventLoopFuture<QueueCounts>
}

public struct QueueCounts: Hashable, Sendable {
    public var messages: Int
    public var recipients: Int
    public init(messages: Int, recipients: Int) { (self.messages, self.recipients) = (messages, recipients) }
}

/// The number of a route in the store.
public struct HopID: Hashable, Comparable, Sendable {
    public let value: Int64
    public init(value: Int64) { self.value = value }
    public static func < (left: HopID, right: HopID) -> Bool { left.value < right.value }
}

public struct StoredHop: Hashable, Sendable {
    public let id: HopID
    public let route: Route
}

/// One change of the queue.
public enum StoreOperation: Sendable {
    case enqueue(QueuedMessage)
    /// What an attempt means for recipients of a message, and the reports that follow from it, in one transaction.
    case settle(QueueID, [Settlement], reports: [QueuedMessage])
    /// A process that may hold leases.
    case rememberHolder(HolderRecord)
    case forgetHolder(UInt64)
    /// Every recipient of a message that cannot be read is due again at that time.
    case hold(QueueID, until: Timestamp, MessageDamage)
    /// The core runs by another configuration from now on: see `QueueDatabase.runs`.
    case reconfigured(revision: Int64, at: Timestamp)
    /// The wall clock was set when it would have shown `before`: times that were written by it, and lie within `StepClock.reach`, move along.
    case clockWasSet(by: Duration, before: Timestamp)
    /// A next hop could not be reached, or failed again: remembered for the next start of the core.
    case unreachable(UnreachableHop)
    /// It answers again.
    case reachable(Route)
}

/// A process that may hold leases, as it is remembered over a restart of the core.
public struct HolderRecord: Hashable, Sendable {
    public let id: UInt64
    public let carrier: Carrier
    /// 0 where it cannot be known (another PID namespace).
    public let processID: Int32

    public init(id: UInt64, carrier: Carrier, processID: Int32) { (self.id, self.carrier, self.processID) = (id, carrier, processID) }
}

/// What was read of a next hop's due work.
public struct DueWindow: Sendable {
    public var recipients: [DueRecipient] = []
    /// Messages among them that cannot be read.
    public var unreadable: [UnreadableMessage] = []
    /// Recipients that were looked at: fewer than were asked for means that there are no more.
    public var looked = 0
}

public struct DueRecipient: Sendable {
    public let message: MessageHead
    public let recipient: EnvelopeRecipient
    public let index: UInt32
    public let attempts: UInt32
    /// The address that the sender wrote to, where it became another.
    public var writtenTo: EmailAddress? = nil
}

/// A message without its recipients.
public struct MessageHead: Sendable {
    public let id: QueueID
    public let receivedAt: Timestamp
    public let sender: EnvelopeSender
    public let size: Int
    public let has8BitOctets: Bool
    /// nil: inline in the store, but not loaded.
    public let content: QueuedContent?
    /// CRC-32C of the content; nil for a message of an earlier version.
    public let checksum: UInt32?
    /// The `Message-ID` of its header, for the log; nil where there is none, or the message is of an earlier version.
    public let messageID: String?

    public init(
        id: QueueID, receivedAt: Timestamp, sender: EnvelopeSender, size: Int, has8BitOctets: Bool, content: QueuedContent?,
        checksum: UInt32? = nil, messageID: String? = nil
    ) {
        (self.id, self.receivedAt, self.sender, self.size) = (id, receivedAt, sender, size)
        (self.has8BitOctets, self.content, self.checksum, self.messageID) = (has8BitOctets, content, checksum, messageID)
    }
}

public struct StoredMessage: Sendable {
    public let head: MessageHead
    public let origin: MessageOrigin
    public let recipients: [StoredRecipient]
    /// As of `QueuedMessage`; nil where the message is of a version that kept none.
    public let decided: String?
}

public struct StoredRecipient: Hashable, Sendable {
    public let index: UInt32
    public let recipient: EnvelopeRecipient
    public let route: Route
    /// The address that the sender wrote to, where an alias, a group or the directory's own spelling made another of it.
    public let writtenTo: EmailAddress?
    public let attempts: UInt32
    public let nextAttempt: Timestamp?
    public let lastError: String?
    /// Why nobody tries it; nil where somebody does.
    public var held: HeldReason? = nil
}

/// Why a change did not become durable.
public enum StoreError: Error, Hashable, Sendable {
    /// No space; it is tried again when there is.
    case full(String)
    /// The disk or the database failed.
    case failed(String)
    case closed
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .full(let reason): "no space: \(reason)"
        case .failed(let reason): reason
        case .closed: "the queue is closed"
        }
    }
}
