import ClientBudgets
import MailVocabulary
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology

/// Threads for a part of logins that takes its time. What waits for one has a bound, of each client network its share, and networks take turns.
/// Confined to its event loop.
final class LoginThreads {
    private let eventLoop: any EventLoop
    private let pool: NIOThreadPool
    private var line: LoginLine<() -> EventLoopFuture<Void>>

    private init(_ threads: Int, waiting: Int, on eventLoop: any EventLoop, budgets: BudgetSettings) {
        self.eventLoop = eventLoop
        pool = NIOThreadPool(numberOfThreads: threads)
        line = LoginLine(threads: threads, capacity: waiting, budgets: budgets)
        pool.start()
    }

    /// For what waits on other systems (saslauthd, a domain controller), apart from those that derive keys: a directory service that hangs
    /// holds up only those who need it.
    static func outside(on eventLoop: any EventLoop, budgets: BudgetSettings) -> LoginThreads {
        LoginThreads(32, waiting: 1000, on: eventLoop, budgets: budgets)
    }

    /// For keys that are derived from passwords: as many as there are processors, since the work is computing alone. With the default
    /// iterations two processors work those that wait off within some five seconds.
    static func deriving(on eventLoop: any EventLoop, budgets: BudgetSettings) -> LoginThreads {
        LoginThreads(Processors.count(), waiting: 256, on: eventLoop, budgets: budgets)
    }

    func adopt(_ budgets: BudgetSettings) { line.adopt(budgets) }

    /// Runs a body when it is its turn.
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
