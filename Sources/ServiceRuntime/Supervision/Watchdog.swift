import Dispatch
import Glibc
import Logging
import Synchronization

/// Tells the service manager that this process is alive, for as long as every part of it answers (`WatchdogSec=`, sd_watchdog_enabled(3)).
///
/// A thread of its own that only kept a clock would prove nothing. Here each round asks the event loop, and whatever else must not hang, and
/// the manager hears of it when all have answered; a loop that hangs is silent, and the manager starts the process anew.
final class Watchdog: Sendable {
    /// Asks a part of the process to call back; it is alive when it does.
    typealias Check = @Sendable (_ answer: @escaping @Sendable () -> Void) -> Void

    private struct State {
        var checks: [(name: String, ask: Check)] = []
        /// Those that have not answered in this round, by their place.
        var missing: Set<Int> = []
        /// They have been named in the log.
        var isLate = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "watchdog")
    private let interval: Duration
    private let logger: Logger
    private let alive: @Sendable () -> Void

    /// - Parameters:
    ///   - interval: between two rounds: half of what the manager waits.
    ///   - alive: called at the end of each round.
    init(interval: Duration, logger: Logger, alive: @escaping @Sendable () -> Void) {
        (self.interval, self.logger, self.alive) = (interval, logger, alive)
    }

    /// The time that `WATCHDOG_USEC` leaves between two signs of life, if it is meant for this process: half of it.
    ///
    /// The variables are taken out of the environment. Before other threads use the environment.
    static func intervalFromEnvironment() -> Duration? {
        defer { for name in ["WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) } }
        guard let text = getenv("WATCHDOG_USEC"), let microseconds = Int64(String(cString: text)), microseconds > 1 else { return nil }
        // Beyond a day nobody watches.
        guard microseconds < 86_400_000_000 else { return nil }
        if let process = getenv("WATCHDOG_PID"), Int32(String(cString: process)) != getpid() { return nil }
        return .microseconds(microseconds / 2)
    }

    /// - Parameter name: for the log: "the event loop".
    func add(_ name: String, _ check: @escaping Check) { state.withLock { $0.checks.append((name, check)) } }

    /// Once; it goes on as long as this object is there.
    func start() { tick() }

    private func tick() {
        round()
        let (seconds, attoseconds) = interval.components
        let interval = DispatchTimeInterval.nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
        queue.asyncAfter(deadline: .now() + interval) { [weak self] in self?.tick() }
    }

    private func round() {
        let (checks, late) = state.withLock { state -> ([(name: String, ask: Check)], [String]) in
            guard state.missing.isEmpty else {
                defer { state.isLate = true }
                return ([], state.isLate ? [] : state.missing.sorted().map { state.checks[$0].name })
            }
            state.missing = Set(state.checks.indices)
            return (state.checks, [])
        }
        if !late.isEmpty {
            logger.warning(
                "does not answer; the watchdog ends the process unless it does", metadata: ["what": "\(late.joined(separator: ", "))"])
        }
        for (index, check) in checks.enumerated() { check.ask { [weak self] in self?.answered(index) } }
    }

    private func answered(_ index: Int) {
        let isWhole = state.withLock { state -> Bool in
            guard state.missing.remove(index) != nil, state.missing.isEmpty else { return false }
            state.isLate = false
            return true
        }
        if isWhole { alive() }
    }
}
