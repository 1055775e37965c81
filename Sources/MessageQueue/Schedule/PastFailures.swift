import MailVocabulary
import NIOCore

/// How often in a row next hops could not be reached that the scheduler has let go of, so that they do not begin their ladder anew: what
/// waits for them lies in the store, and comes back. Bounded in number and time. A value without a clock.
struct PastFailures {
    /// More are forgotten all at once; each begins its ladder anew then.
    static let mostHops = 20_000
    /// Longer than it takes to read the hops of a full store page by page.
    static let memory = TimeAmount.hours(2)

    private var failures: [Route: (count: UInt32, since: Timestamp?, at: NIODeadline)] = [:]
    private var now = NIODeadline.uptimeNanoseconds(0)

    var count: Int { failures.count }

    /// - Parameter since: the first failure in a row, where it is known.
    mutating func note(_ route: Route, _ count: UInt32, since: Timestamp? = nil) {
        guard count > 0 else { return }
        if failures.count >= Self.mostHops { failures = [:] }
        failures[route] = (count, since, now)
    }

    /// The first failure in a row of a hop that is not in memory.
    func since(_ route: Route) -> Timestamp? { failures[route]?.since }

    /// The hop is in memory again.
    mutating func take(_ route: Route) -> UInt32 {
        failures.isEmpty ? 0 : failures.removeValue(forKey: route)?.count ?? 0
    }

    mutating func passed(now: NIODeadline) {
        self.now = now
        if !failures.isEmpty { failures = failures.filter { now - $0.value.at < Self.memory } }
    }
}
