import MailVocabulary
import NIOCore

/// What an operator sees.
extension MessageQueue {
    public func entries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        store.entries(after: after, limit: limit)
    }

    public func message(_ id: QueueID) -> EventLoopFuture<StoredMessage?> { store.message(id) }

    /// The message with those of these recipients alone that are left.
    public func message(_ id: QueueID, recipients: [UInt32]) -> EventLoopFuture<StoredMessage?> {
        store.message(id, recipients: recipients)
    }

    public func counts() -> EventLoopFuture<QueueCounts> { store.counts() }

    public var leaseCount: Int { leases.count }

    /// Recipients that are with a holder now.
    public func isLeased(_ message: QueueID, index: UInt32) -> Bool {
        leases.values.contains { $0.entry.message.id == message && $0.recipients.contains { $0.index == index } }
    }

    public var leasedRecipients: Set<LeasedKey> {
        Set(leases.values.flatMap { lease in lease.recipients.map { LeasedKey(message: lease.entry.message.id, index: $0.index) } })
    }

    public struct LeasedKey: Hashable, Sendable {
        public let message: QueueID
        public let index: UInt32
        public init(message: QueueID, index: UInt32) { (self.message, self.index) = (message, index) }
    }
}
