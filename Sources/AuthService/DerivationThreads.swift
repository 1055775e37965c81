import ClientBudgets
import MailVocabulary
import NIOCore
import NIOPosix
import Topology

#if canImport(Glibc)
    import Glibc
#endif

/// Threads on which keys are derived from passwords: as many as there are processors, since the work is computing alone. What waits has a bound, of
/// each client network its share, and networks take turns: somebody who guesses keeps nobody else waiting. Confined to its event loop.
final class DerivationThreads {
    /// Passwords that wait. With the default iterations two processors work these off within some five seconds.
    static let waiting = 256

    private let eventLoop: any EventLoop
    private let pool: NIOThreadPool
    private var line: OutsideLine<() -> EventLoopFuture<Void>>

    init(on eventLoop: any EventLoop, budgets: BudgetSettings, threads: Int = max(1, System.coreCount)) {
        self.eventLoop = eventLoop
        pool = NIOThreadPool(numberOfThreads: threads)
        line = OutsideLine(threads: threads, capacity: Self.waiting, budgets: budgets)
        pool.start()
    }

    func adopt(_ budgets: BudgetSettings) { line.adopt(budgets) }

    /// Runs a derivation when it is its turn.
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
