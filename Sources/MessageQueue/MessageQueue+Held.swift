import MailVocabulary
import NIOCore

/// Mail that a later configuration refuses: held in the store, in nobody's hands and not in memory, until it is released, deleted or expires.
extension MessageQueue {
    /// Held recipients in the order of message and index, from behind `after` on.
    public func heldEntries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        store.heldEntries(after: after, limit: limit)
    }

    /// Held recipients whose time is over (E09).
    public func heldEntries(endingBefore time: Timestamp, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        store.heldEntries(endingBefore: time, limit: limit)
    }

    public func heldCount() -> EventLoopFuture<Int> { store.heldCount() }

    /// Records what becomes of recipients that are held, and so with nobody. The caller does one such thing after the other.
    ///
    /// The completion is called when it is durable; where the store fails it is tried again until it is.
    public func settleHeld(
        _ message: QueueID, _ settlements: [Settlement], reports: [QueuedMessage] = [], completion: @escaping () -> Void
    ) {
        record(message, settlements, reports: reports) { [weak self] in
            completion()
            self?.dispatch()
        }
    }

    /// Removes recipients from the queue, without a report to anybody: those that are not with a holder now.
    ///
    /// - Parameter completion: called when it is durable, with those that are with a holder and stay.
    public func remove(_ indices: [UInt32], of message: QueueID, completion: @escaping (_ underWay: Set<UInt32>) -> Void) {
        let leased = Set(leases.values.filter { $0.entry.message.id == message }.flatMap { $0.recipients.map(\.index) })
        settleLate(message, finished: indices.filter { !leased.contains($0) }) { completion(leased.intersection(indices)) }
    }
}
