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
        let facts: RecipientFacts
        let refusal: Refusal
        let steps: [DecisionStep]
        /// Steps before those.
        let omitted: Int
    }

    private let capacity: Int
    /// A ring once it is full; `next` is then the oldest.
    private var records: [Record] = []
    private var next = 0
    private var counts: [RefusalCode: Int] = [:]

    init(capacity: Int = defaultCapacity) { self.capacity = max(1, capacity) }

    mutating func note(_ refusal: Refusal, _ facts: RecipientFacts, _ trace: DecisionTrace) {
        counts[refusal.code, default: 0] += 1
        let steps = Array(trace.steps.suffix(Self.mostSteps))
        let record = Record(
            time: facts.time, facts: facts, refusal: refusal, steps: steps, omitted: trace.steps.count - steps.count + trace.omitted)
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
            if record.refusal.code == code { found.append(record) }
        }
        return found
    }
}
