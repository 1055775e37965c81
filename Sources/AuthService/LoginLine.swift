import ClientBudgets
import MailVocabulary
import Topology

/// The line of logins that wait for a thread: so many are worked on at once, and so many wait, of each client network at most its share. Networks
/// take turns. A value.
struct LoginLine<Job> {
    private let threads: Int
    private let capacity: Int
    private var running: NetworkShares
    private var waiting: NetworkShares
    private var jobs: [ClientNetwork: [Job]] = [:]
    /// Networks that wait, in the order of their turns; each of them once.
    private var turns: [ClientNetwork] = []

    /// - Parameters:
    ///   - threads: jobs under way at once; of one network at least two, so that one slow answer does not stop it.
    ///   - capacity: jobs that wait.
    init(threads: Int, capacity: Int, budgets: BudgetSettings) {
        (self.threads, self.capacity) = (threads, capacity)
        running = NetworkShares(limit: Self.runningLimit(threads, budgets), budgets: budgets)
        waiting = NetworkShares(shareOf: capacity, budgets: budgets)
    }

    /// Other shares, as after a reload; what runs and waits goes on to count.
    mutating func adopt(_ budgets: BudgetSettings) {
        running = NetworkShares(running, limit: Self.runningLimit(threads, budgets), budgets: budgets)
        waiting = NetworkShares(waiting, shareOf: capacity, budgets: budgets)
    }

    private static func runningLimit(_ threads: Int, _ budgets: BudgetSettings) -> Int? { budgets.share.map { max(2, threads * $0 / 100) } }

    var runningCount: Int { running.total }
    var waitingCount: Int { waiting.total }

    /// Puts a job into the line.
    ///
    /// - Returns: false where the line is full, or has as many jobs of this network as it may have.
    mutating func enter(_ job: Job, from network: ClientNetwork) -> Bool {
        guard waiting.total < capacity, waiting.take(by: network).isGranted else { return false }
        if jobs[network] == nil { turns.append(network) }
        jobs[network, default: []].append(job)
        return true
    }

    /// The job to run next; nil where none may run now. When it is done, ``finished(_:)`` says so.
    mutating func next() -> (job: Job, network: ClientNetwork)? {
        guard running.total < threads else { return nil }
        for (index, network) in turns.enumerated() where running.take(by: network).isGranted {
            turns.remove(at: index)
            waiting.give(back: 1, by: network)
            guard var own = jobs[network], !own.isEmpty else { return nil }
            let job = own.removeFirst()
            jobs[network] = own.isEmpty ? nil : own
            if !own.isEmpty { turns.append(network) }
            return (job, network)
        }
        return nil
    }

    /// A job of this network has ended.
    mutating func finished(_ network: ClientNetwork) { running.give(back: 1, by: network) }
}
