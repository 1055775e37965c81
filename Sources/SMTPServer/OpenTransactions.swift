import ClientBudgets
import MailVocabulary
import NIOCore
import Topology

/// The transactions that are open with the core, of all sessions of a front end: each holds a connection to the core, and there are only so
/// many. One client network gets a share of them; when all are taken, the one that has brought nothing for longest ends. Confined to its
/// event loop.
public final class OpenTransactions {
    private var pool: SharedPool<ObjectIdentifier>
    private var endings: [ObjectIdentifier: () -> Void] = [:]
    private let capacity: Int

    /// A transaction that has just named a recipient or brought content does not make room for another.
    private static let protection = Duration.seconds(5)

    /// - Parameter capacity: connections to the core.
    public init(capacity: Int, budgets: BudgetSettings) {
        self.capacity = capacity
        pool = SharedPool(capacity: capacity, budgets: budgets, protection: Self.protection)
    }

    /// Uses other settings from now on; what is open stays.
    public func adopt(_ budgets: BudgetSettings) { pool = SharedPool(pool, capacity: capacity, budgets: budgets) }

    /// - Parameter end: called where this transaction has to make room for another.
    /// - Returns: false where there is no room for it.
    func began(_ session: ObjectIdentifier, from client: IPAddress, end: @escaping () -> Void) -> Bool {
        switch pool.admit(session, from: ClientNetwork(client), at: Self.now) {
        case .admitted: break
        case .admittedInPlaceOf(let other): endings.removeValue(forKey: other)?()
        case .networkIsOverLimit, .full: return false
        }
        endings[session] = end
        return true
    }

    func progressed(_ session: ObjectIdentifier) { pool.used(session, at: Self.now) }

    func ended(_ session: ObjectIdentifier) {
        endings[session] = nil
        pool.remove(session)
    }

    private static var now: Duration { .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }

    static let refusal = Reply(451, "4.7.0", "Your network has too many messages under way here: finish those first, and try again")
    static let idleLongest = Reply(
        421, "4.7.0", "All transactions are in use, and this one has brought nothing for longest: try again later")
}
