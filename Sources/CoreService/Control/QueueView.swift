import MailVocabulary
import MessageQueue

/// What the scheduler knows of recipients beyond the database, at one moment: who is being delivered, which next hops are left alone.
struct QueueView {
    /// Where a recipient stands.
    enum State: String {
        /// Due, and waits for its turn.
        case ready
        /// Being delivered.
        case active
        /// Tried again at a time that is still to come.
        case retry
        /// Found damaged: nobody gets it, and it is looked at again at a time that is still to come.
        case damaged
        /// Refused by the configuration: nobody tries it.
        case held
    }

    let leased: Set<MessageQueue.LeasedKey>
    let paused: [Route: Timestamp]
    let now: Timestamp

    init(leased: Set<MessageQueue.LeasedKey> = [], paused: [Route: Timestamp] = [:], now: Timestamp) {
        (self.leased, self.paused, self.now) = (leased, paused, now)
    }

    init(_ queue: MessageQueue) { self.init(leased: queue.leasedRecipients, paused: queue.pausedRoutes, now: .now()) }

    /// - Parameters:
    ///   - nextAttempt: as it is stored; nil: due since the message was received.
    ///   - lastError: as it is stored.
    func standing(
        message: QueueID, index: UInt32, connector: String, nextHop: String, receivedAt: Timestamp, nextAttempt: Timestamp?,
        lastError: String?, held: HeldReason? = nil
    ) -> (state: State, nextAttempt: Timestamp) {
        let pausedUntil = Carrier.allCases.lazy.compactMap { paused[Route(connector: connector, nextHop: nextHop, carrier: $0)] }.first
        let next = max(nextAttempt ?? receivedAt, pausedUntil ?? receivedAt)
        if leased.contains(MessageQueue.LeasedKey(message: message, index: index)) { return (.active, next) }
        if held != nil { return (.held, nextAttempt ?? receivedAt) }
        if MessageDamage.isReason(lastError) { return (.damaged, next) }
        return (next > now ? .retry : .ready, next)
    }
}
