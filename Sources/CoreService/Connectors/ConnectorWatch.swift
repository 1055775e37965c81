import MailVocabulary
import MessageQueue
import Routing

/// Which connectors are down (S22, rule 5): their next hops failed repeatedly. A value without a clock.
///
/// A connector with one next hop (smart hosts, a mailbox server) is down after three failures in a row to reach it; one with many (DNS) only
/// when three different ones failed in a row, since a dead domain is no dead line. Some time later it counts as up again, with all failures
/// remembered: the first message that it cannot carry takes it down at once, for twice as long. Anything that answers ends that.
struct ConnectorWatch {
    /// Failures in a row, or different next hops in a row, that take a connector down. Of a burst of messages all fail at once: that is
    /// soon told.
    static let failuresUntilDown = 3
    /// How long it is down at most before it is tried again.
    static let longestPause = Duration.seconds(15 * 60)

    /// A connector that has not been reached lately.
    struct Trouble: Hashable, Sendable {
        /// The first failure in a row.
        fileprivate(set) var since: Timestamp
        fileprivate(set) var failures = 0
        /// At most `failuresUntilDown`.
        fileprivate(set) var nextHops: Set<String> = []
        fileprivate(set) var lastReply: Reply
        /// While it is down: when it is tried again.
        fileprivate(set) var downUntil: Timestamp?
        /// It has been down, and nothing has answered since: also while it is tried again.
        fileprivate(set) var hasBeenDown = false
        /// How long it is down next time.
        fileprivate var pause: Duration
    }

    /// By the connector's name: no more than the configuration has.
    private(set) var troubles: [String: Trouble] = [:]
    /// What routing asks.
    private(set) var states = ConnectorStates.allUp

    /// Those that are down, or are tried again and have not answered yet.
    var unreached: Set<String> { Set(troubles.lazy.filter { $0.value.hasBeenDown }.map(\.key)) }

    /// A next hop that was out of reach when an earlier start of the core ended.
    mutating func restore(_ hop: UnreachableHop, hasOneNextHop: Bool, firstPause: Duration) {
        let name = hop.route.connector
        let reply = Reply(recorded: hop.lastError) ?? Reply(451, "4.4.1", hop.lastError)
        var trouble = troubles[name] ?? Trouble(since: hop.since, lastReply: reply, pause: firstPause)
        if hop.since < trouble.since { trouble.since = hop.since }
        trouble.failures += Int(hop.failures)
        if trouble.nextHops.count < Self.failuresUntilDown { trouble.nextHops.insert(hop.route.nextHop) }
        let evidence = hasOneNextHop ? trouble.failures : trouble.nextHops.count
        if evidence >= Self.failuresUntilDown {
            trouble.downUntil = max(trouble.downUntil ?? hop.until, hop.until)
            trouble.hasBeenDown = true
            states.down.insert(name)
        }
        troubles[name] = trouble
    }

    /// A next hop of it answered.
    ///
    /// - Returns: whether it was down, or has been tried again after that.
    mutating func reached(_ connector: String) -> Bool {
        guard !troubles.isEmpty, let trouble = troubles.removeValue(forKey: connector) else { return false }
        states.down.remove(connector)
        return trouble.hasBeenDown
    }

    /// A next hop of it could not be reached.
    ///
    /// - Parameters:
    ///   - hasOneNextHop: whether everything that it carries goes there.
    ///   - firstPause: how long it is down the first time; doubled each time it fails again.
    /// - Returns: when it is tried again, if this takes it down.
    mutating func notReached(
        _ connector: String, _ nextHop: String, hasOneNextHop: Bool, _ reply: Reply, firstPause: Duration, now: Timestamp
    ) -> Timestamp? {
        var trouble = troubles[connector] ?? Trouble(since: now, lastReply: reply, pause: firstPause)
        trouble.lastReply = reply
        trouble.failures += 1
        if trouble.nextHops.count < Self.failuresUntilDown { trouble.nextHops.insert(nextHop) }
        let evidence = hasOneNextHop ? trouble.failures : trouble.nextHops.count
        var goesDown = false
        if trouble.downUntil == nil, evidence >= Self.failuresUntilDown {
            trouble.downUntil = now + trouble.pause
            trouble.hasBeenDown = true
            trouble.pause = min(trouble.pause * 2, Self.longestPause)
            states.down.insert(connector)
            goesDown = true
        }
        troubles[connector] = trouble
        return goesDown ? trouble.downUntil : nil
    }

    /// The connectors whose pause is over: they count as up until they fail again.
    mutating func tryAgain(now: Timestamp) -> [String] {
        let due = troubles.filter { $0.value.downUntil.map { $0 <= now } ?? false }.keys.sorted()
        for connector in due {
            troubles[connector]?.downUntil = nil
            states.down.remove(connector)
        }
        return due
    }

    /// Forgets what the configuration does not have any more.
    mutating func keep(_ connectors: Set<String>) {
        troubles = troubles.filter { connectors.contains($0.key) }
        states.down.formIntersection(connectors)
    }
}
