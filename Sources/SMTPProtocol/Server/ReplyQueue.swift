import MailVocabulary

/// Answers to a group of pipelined `RCPT`: whatever order things become known in, replies go out in the order of the commands (RFC 2920 §3.2).
struct ReplyQueue: Sendable {
    private enum Slot: Sendable {
        case unanswered
        case known(Reply)
    }

    private var slots: [Slot] = []
    private var head = 0
    /// Slots that wait for `.recipientAnswered`.
    private(set) var unanswered = 0

    var isEmpty: Bool { head == slots.count }
    var count: Int { slots.count - head }

    mutating func appendUnanswered() {
        slots.append(.unanswered)
        unanswered += 1
    }

    /// A reply that has to wait for the ones before it.
    mutating func append(_ reply: Reply) { slots.append(.known(reply)) }

    /// Removes the oldest slot, which is unanswered whenever the queue is not empty between events.
    mutating func removeUnanswered() {
        head += 1
        unanswered -= 1
        reuse()
    }

    /// The next reply that is known and that nothing stands before.
    mutating func popKnown() -> Reply? {
        guard head < slots.count, case .known(let reply) = slots[head] else { return nil }
        head += 1
        reuse()
        return reply
    }

    mutating func removeAll() { self = ReplyQueue() }

    /// Keeps the array at the size of what is open, also where a client never lets the queue run empty.
    private mutating func reuse() {
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 128 {
            slots.removeFirst(head)
            head = 0
        }
    }
}
