import Dispatch
import Synchronization

/// The end of a service, in bounded time: what is under way may finish, but a peer that never finishes cannot keep the process.
public final class Drain: Sendable {
    public enum Outcome: Hashable, Sendable {
        /// All that was under way is finished.
        case finished
        /// Time ran out first. What remains is as after a crash: safe, but peers see connections break.
        case outOfTime
    }

    /// The time that a service has unless something else is said.
    public static let defaultLimit = Duration.seconds(10)
    /// The same under `postern up`, whose daemons end in stages: container engines kill after ten seconds.
    public static let supervisedLimit = Duration.seconds(3)

    private struct State {
        var outcome: Outcome?
        var waiting: [CheckedContinuation<Outcome, Never>] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Lets `work` finish, for at most `limit`. When the limit passes `work` is cancelled but not waited for: the caller ends the process.
    ///
    /// Once per drain.
    public func run(limit: Duration = Drain.defaultLimit, _ work: @escaping @Sendable () async -> Void) async -> Outcome {
        let working = Task {
            await work()
            decide(.finished)
        }
        shorten(to: limit)
        let outcome = await withCheckedContinuation { continuation in
            let decided = state.withLock { state in
                if state.outcome == nil { state.waiting.append(continuation) }
                return state.outcome
            }
            if let decided { continuation.resume(returning: decided) }
        }
        if outcome == .outOfTime { working.cancel() }
        return outcome
    }

    /// Ends the drain after `limit` at the latest, counted from now: the answer to a second SIGTERM.
    public func shorten(to limit: Duration) {
        let (seconds, attoseconds) = limit.components
        let nanoseconds = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let interval =
            nanoseconds.overflow ? DispatchTimeInterval.never : .nanoseconds(nanoseconds.partialValue + Int(attoseconds / 1_000_000_000))
        guard interval != .never else { return }
        // Dispatch's timers keep running where a service has blocked every thread of the concurrency pool.
        DispatchQueue.global().asyncAfter(deadline: .now() + interval) { [self] in decide(.outOfTime) }
    }

    private func decide(_ outcome: Outcome) {
        let waiting = state.withLock { state -> [CheckedContinuation<Outcome, Never>] in
            guard state.outcome == nil else { return [] }
            state.outcome = outcome
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }
}
