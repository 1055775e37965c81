import DequeModule
import MailVocabulary

/// The due work of one next hop: a bounded window of it in memory, the rest in the store.
final class HopQueue {
    let route: Route
    var limits: RoutePolicy
    /// Messages with recipients that wait, oldest first.
    var line: Deque<WorkEntry> = []
    /// Every message of this hop that is in memory: waiting, leased, or being settled. The store's rows of these are not read again.
    var known: [QueueID: WorkEntry] = [:]
    /// Connections to this hop: leases that are out, and holders that keep one open for more.
    var active = 0
    /// Of these, the ones that wait for more.
    var parked = 0
    /// The store may hold due recipients that are not in memory.
    var hasMoreInStore = false
    var isRefilling = false
    /// Messages that left `known` while a refill was reading: what it read of them is out of date.
    var leftWhileRefilling: Set<QueueID> = []
    /// Messages that became durable while a refill was reading: it may have seen them or not.
    var arrivedWhileRefilling: [WorkEntry] = []
    /// Whether it stands in one of the scheduler's lines of ready hops.
    var isReady = false
    /// Whether it has work and waits for room among the connections of its profile.
    var isBlocked = false
    /// How many connections it may have by what it does with them, where the route begins with one, or the hop has refused some.
    var concurrency = HopConcurrency()

    init(route: Route, limits: RoutePolicy) { (self.route, self.limits) = (route, limits) }

    /// Not reachable: nothing goes there before this time.
    var pausedUntil: Timestamp?
    /// Why it could not be reached.
    var lastFailure: Reply?
    /// The first failure in a row; nil where it is reached.
    var failingSince: Timestamp?
    /// How often in a row the next hop could not be reached. While it is more than none, one connection at a time asks.
    var failures: UInt32 = 0
    /// When the owner looks next for messages that have become too old while they wait for a hop that is left alone.
    var nextExpiryCheck: Timestamp?
    /// The store was asked for messages that are too old, and gave as many as it was asked for.
    var mayHaveExpiredInStore = false

    var mayLease: Bool {
        guard pausedUntil == nil else { return false }
        let isByWindow = limits.growsFromOne || concurrency.hasRefused
        let most = failures > 0 ? 1 : isByWindow ? min(concurrency.window, limits.perHop ?? .max) : limits.perHop
        return most.map { active < $0 } ?? true
    }
    /// Whether its connections count as those of a hop that makes progress; what is on this machine always does.
    var isMakingProgress: Bool { !limits.growsFromOne || concurrency.isMakingProgress }
    /// Nothing is known of it that the store does not know, but for its failures (`PastFailures`).
    var isForgettable: Bool { known.isEmpty && active == 0 && !hasMoreInStore && !isRefilling && pausedUntil == nil }
    /// Whether it can make room for another: it is left alone anyway, and nothing of it is under way.
    var isEvictable: Bool {
        pausedUntil != nil && active == 0 && !isRefilling && known.values.allSatisfy { $0.outstanding == 0 }
    }
}

/// What the configuration says of a route: how many connections it may have at once (S03, S05), and when it is tried again (E07, E09).
public struct RoutePolicy: Hashable, Sendable {
    /// To this next hop; nil: no limit.
    public let perHop: Int?
    /// Routes with the same group share `total`: the name of the outbound profile.
    public let group: String
    public let total: Int?
    public let retry: RetrySchedule
    /// Whether the next hop gets one connection until it has answered, and more as it takes mail: for what belongs to strangers.
    public let growsFromOne: Bool

    public init(perHop: Int?, group: String, total: Int?, retry: RetrySchedule = RetrySchedule(), growsFromOne: Bool = false) {
        (self.perHop, self.group, self.total, self.retry) = (perHop, group, total, retry)
        self.growsFromOne = growsFromOne
    }
}
