import NIOCore

/// What a next hop did with the work of one lease, as far as it says something of the hop.
public enum HopAnswer: Hashable, Sendable {
    /// It took some of it, or refused it for good: what waits for it grows shorter.
    case progress
    /// It put all of it off.
    case deferredAll
    /// Nothing is to be learnt from it.
    case none
}

/// How many connections one next hop may have at once, by what it does with them: one until it has answered, then one more for each
/// lease that brings progress (so twice as many after each round), fewer as it puts mail off or connections to it fail, and never
/// none. A value without a clock.
///
/// A hop that refuses a connection while others stand has as many as it wants: that many it keeps, and one more is tried only after each of
/// them has brought progress `successesPerTrial` times. So a host with room for three gets all of its mail over three, and is asked for a
/// fourth now and then.
///
/// A hop that takes its time with every message never gets many, and does not count as one that makes progress: what it holds of the
/// connections of all is what `ProfileConnections` allows to such hops together.
struct HopConcurrency: Hashable {
    /// Progress that took longer than this is slow: a remote server that holds each connection for minutes is known by that.
    static let quick = TimeAmount.seconds(30)
    /// How long a hop counts as one that makes progress after it made some.
    static let memory = TimeAmount.seconds(60)
    /// Connections that slow progress leads to at most.
    static let mostWhenSlow = 4
    /// How often each connection brings progress before one more is tried, where one was refused.
    static let successesPerTrial = 10

    /// Connections that it may have at once as far as this goes; at least 1. The limit of the configuration (S05) comes on top.
    private(set) var window = 1
    /// Whether it has made progress lately, and quickly.
    private(set) var isMakingProgress = false
    private var progressedAt: NIODeadline?
    /// Progress since the window last changed; nil while no connection has been refused.
    private var successes: Int?

    /// A lease brought progress.
    ///
    /// - Parameters:
    ///   - duration: from the moment the lease was given out.
    ///   - limit: of the configuration (S05); nil: none.
    mutating func progressed(at now: NIODeadline, after duration: TimeAmount, limit: Int?) {
        guard duration <= Self.quick else {
            if window < Self.mostWhenSlow { grow(limit) }
            return
        }
        (isMakingProgress, progressedAt) = (true, now)
        grow(limit)
    }

    /// Whether it has refused a connection while others stood.
    var hasRefused: Bool { successes != nil }

    private mutating func grow(_ limit: Int?) {
        if let successes {
            guard successes + 1 >= window * Self.successesPerTrial else {
                self.successes = successes + 1
                return
            }
            self.successes = 0
        }
        window = min(window, (limit ?? .max) - 1) + 1
    }

    /// A lease was put off as a whole.
    mutating func deferredAll() { window = max(1, window - 1) }

    /// A connection could not be made.
    ///
    /// - Parameters:
    ///   - others: other connections to it that stand or are being made. Where there are any it may just have enough of them; otherwise
    ///     it starts anew.
    ///   - growsFromOne: false where it had as many as the configuration allows.
    mutating func notReached(others: Int, growsFromOne: Bool = true) {
        guard others > 0 else {
            self = HopConcurrency()
            return
        }
        window = growsFromOne || hasRefused ? min(window, others) : others
        successes = 0
    }

    /// Time has passed: progress of long ago counts no more.
    mutating func passed(now: NIODeadline) {
        guard isMakingProgress, let progressedAt, progressedAt + Self.memory < now else { return }
        isMakingProgress = false
    }
}
