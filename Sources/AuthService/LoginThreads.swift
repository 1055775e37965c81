import ClientBudgets
import MailVocabulary
import NIOCore
import NIOPosix
import Topology

/// Threads for what waits on other systems (saslauthd, a domain controller), apart from those that derive keys: a directory service that
/// hangs holds up only those who need it. Confined to its event loop.
final class OutsideThreads {
    static let threads = 32
    static let waiting = 1000

    private let eventLoop: any EventLoop
    private let pool = NIOThreadPool(numberOfThreads: OutsideThreads.threads)
    private var line: OutsideLine<() -> EventLoopFuture<Void>>

    init(on eventLoop: any EventLoop, budgets: BudgetSettings) {
        self.eventLoop = eventLoop
        line = OutsideLine(threads: Self.threads, capacity: Self.waiting, budgets: budgets)
        pool.start()
    }

    func adopt(_ budgets: BudgetSettings) { line.adopt(budgets) }

    /// Runs a body that may block, when it is its turn.
    ///
    /// - Returns: false where too many wait already; then nothing is run.
    func run<Value: Sendable>(
        for network: ClientNetwork, _ body: @escaping @Sendable () throws -> Value, then: @escaping (Result<Value, any Error>) -> Void
    ) -> Bool {
        let (pool, eventLoop) = (pool, eventLoop)
        let isIn = line.enter(
            {
                let future = pool.runIfActive(eventLoop: eventLoop, body)
                future.assumeIsolated().whenComplete(then)
                return future.map { _ in }
            }, from: network)
        if isIn { runNext() }
        return isIn
    }

    private func runNext() {
        while let (job, network) = line.next() {
            job().assumeIsolated().whenComplete { [self] _ in
                line.finished(network)
                runNext()
            }
        }
    }
}
