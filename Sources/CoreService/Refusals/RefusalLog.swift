import MailVocabulary
import Routing

/// What the core refused lately, and how often each rule did since it started. Confined to the core's event loop.
///
/// The newest refusals are kept, whoever caused them; the counters are as many as the rules that can refuse, so strangers make neither
/// grow. In octets: `capacity` times a record with `mostSteps` steps, below 4 KiB, and its addresses.
struct RefusalLog {
    /// Refusals that are kept.
    static let defaultCapacity = 10_000
    /// Steps of a trace that are kept: the last ones, which refuse. A large group has a long trace.
    static let mostSteps = 8

    struct Record {
        let time: Timestamp
        let origin: MailOrigin
        /// nil before `MAIL`.
        var reversePath: ReversePath?
        /// nil before `RCPT`.
        var recipient: EmailAddress?
        var size: Int?
        let code: RefusalCode
        let reply: Reply
        var steps: [DecisionStep] = []
        /// Steps before those.
        var omitted = 0
    }

    private let capacity: Int
    /// A ring once it is full; `next` is then the oldest.
    private var records: [Record] = []
    private var next = 0
    private var counts: [RefusalCode: Int] = [:]

    init(capacity: Int = defaultCapacity) { self.capacity = max(1, capacity) }

    /// A recipient was refused.
    mutating func note(_ refusal: Refusal, _ facts: RecipientFacts, _ trace: DecisionTrace) {
        note(
            Record(
                time: facts.time, origin: facts.origin, reversePath: facts.reversePath, recipient: facts.recipient, size: facts.size,
                code: refusal.code, reply: refusal.reply), trace)
    }

    /// A sender was refused.
    mutating func note(
        _ refusal: Refusal, _ sender: EnvelopeSender, in session: SubmissionSession, at time: Timestamp, _ trace: DecisionTrace
    ) {
        note(
            Record(
                time: time, origin: .submission(session), reversePath: sender.reversePath, size: sender.declaredSize, code: refusal.code,
                reply: refusal.reply), trace)
    }

    /// - Parameter count: how often, of which this is the last time.
    mutating func note(_ record: Record, _ trace: DecisionTrace? = nil, count: Int = 1) {
        counts[record.code, default: 0] += count
        var record = record
        if let trace {
            record.steps = trace.last(Self.mostSteps)
            record.omitted = trace.count - record.steps.count
        }
        if records.count < capacity {
            records.append(record)
        } else {
            records[next] = record
            next = (next + 1) % capacity
        }
    }

    /// Since the core started.
    func count(of code: RefusalCode) -> Int { counts[code] ?? 0 }

    /// Of those that are kept, the newest first.
    func latest(_ count: Int, of code: RefusalCode) -> [Record] {
        var found: [Record] = []
        for offset in records.indices.reversed() where found.count < count {
            let record = records[(next + offset) % records.count]
            if record.code == code { found.append(record) }
        }
        return found
    }
}
