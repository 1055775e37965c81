import MailVocabulary
import NIOCore
import Topology

/// The transactions that sessions of one event loop have open with the core, out of those of all loops: each holds a connection to the core,
/// and there are only so many. One client network gets a share of them; when all are taken, the one that has brought nothing for longest ends.
/// Confined to its event loop.
public final class OpenTransactions {
    private let part: CrossLoopPool.Part

    /// A transaction that has just named a recipient or brought content does not make room for another.
    private static let protection = Duration.seconds(5)

    /// Those of all event loops.
    ///
    /// - Parameter capacity: connections to the core.
    public static func pool(capacity: Int, budgets: BudgetSettings) -> CrossLoopPool {
        CrossLoopPool(capacity: capacity, budgets: budgets, protection: protection)
    }

    /// On the event loop.
    ///
    /// - Parameter pool: as ``pool(capacity:budgets:)`` makes it.
    public init(in pool: CrossLoopPool, on eventLoop: any EventLoop) { part = pool.part(on: eventLoop) }

    /// - Parameter end: called where this transaction has to make room for another.
    /// - Returns: nil where there is no room for it.
    func began(from client: IPAddress, end: @escaping () -> Void) -> CrossLoopPool.Place? {
        if case .admitted(let place) = part.admit(from: ClientNetwork(client), end: end) { place } else { nil }
    }

    func progressed(_ place: CrossLoopPool.Place) { part.used(place) }

    func ended(_ place: CrossLoopPool.Place) { part.leave(place) }

    static let refusal = Reply(451, "4.7.0", "Your network has too many messages under way here: finish those first, and try again")
    static let idleLongest = Reply(
        421, "4.7.0", "All transactions are in use, and this one has brought nothing for longest: try again later")
}
