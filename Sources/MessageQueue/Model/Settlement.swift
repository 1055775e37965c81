import MailVocabulary

/// What an attempt means for one recipient in the queue.
public struct Settlement: Hashable, Sendable {
    public enum Change: Hashable, Sendable {
        /// Delivered, or given up: the recipient leaves the queue.
        case finished
        /// Due again at `nextAttempt`; `attempts` attempts are over.
        case deferred(nextAttempt: Timestamp, attempts: UInt32, lastError: String)
        /// Takes another route from now on; is held no longer.
        case rerouted(Route)
        /// Refused by the configuration: nobody tries it. At `until` it is given up (E09).
        case held(HeldReason, until: Timestamp)
    }

    public let index: UInt32
    public let change: Change

    public init(index: UInt32, change: Change) { (self.index, self.change) = (index, change) }
}

/// What an attempt says of its next hop.
public enum HopContact: Hashable, Sendable {
    case reached
    /// Nobody answered, or there is no way to it: the last word on that.
    case notReached(Reply)
    /// The attempt did not get that far.
    case notTried

    /// Whether the attempt is not known to have failed for the next hop's sake.
    public var isReached: Bool {
        if case .notReached = self { false } else { true }
    }
}

/// A recipient of the queue as `postern queue` shows it.
public struct QueueEntry: Hashable, Sendable {
    public let message: QueueID
    public let index: UInt32
    public let reversePath: ReversePath
    public let recipient: EmailAddress
    public let connector: String
    public let nextHop: String
    public let receivedAt: Timestamp
    /// nil: due since it was received.
    public let nextAttempt: Timestamp?
    public let attempts: UInt32
    public let lastError: String?
    public let size: Int
    /// The address that the sender wrote to, where it became another.
    public var writtenTo: EmailAddress? = nil
    /// `ORCPT=` as received.
    public var originalRecipient: String? = nil
    /// Why nobody tries it; nil where somebody does.
    public var held: HeldReason? = nil
}
