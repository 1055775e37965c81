import ClientBudgets
import MailVocabulary

/// Leases that ended before their holder had said what became of them: its connection broke, it did not renew, or it came back too late
/// after a restart. What it delivered meanwhile is delivered all the same. A value.
///
/// Bounded, each role apart: who has one of them drop connections pushes out nothing of the other's.
struct EndedLeases {
    struct Ended: Hashable {
        let holder: UInt64
        let message: QueueID
        let indices: Set<UInt32>
    }

    /// Of one role: several times what its holders can have at once.
    static let most = 10_000

    private var tables: [Carrier: BoundedTable<LeaseID, Ended>] = [:]

    mutating func add(_ id: LeaseID, _ ended: Ended, _ carrier: Carrier) {
        tables[carrier, default: BoundedTable(capacity: Self.most)].set(ended, for: id)
    }

    func lease(_ id: LeaseID, _ carrier: Carrier) -> Ended? { tables[carrier]?.value(id) }

    mutating func remove(_ id: LeaseID, _ carrier: Carrier) { tables[carrier]?.remove(id) }
}
