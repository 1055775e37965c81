/// When a daemon that died is started again: at once, then after 0.1 s, doubling to at most 2 s while it keeps dying.
///
/// A value without a clock: moments are durations since any fixed moment.
struct RestartPolicy: Hashable, Sendable {
    /// The first wait after the restart without one.
    static let firstDelay = Duration.milliseconds(100)
    static let longestDelay = Duration.seconds(2)
    /// A daemon that lived this long is healthy: its next death begins the ladder anew.
    static let healthyAfter = Duration.seconds(10)

    /// Deaths in a row, none of them after a healthy life.
    private(set) var deathsInARow = 0

    /// The wait before the next start of a daemon that died at `death` after a start at `start`.
    mutating func delay(startedAt start: Duration, diedAt death: Duration) -> Duration {
        deathsInARow = death - start >= Self.healthyAfter ? 1 : deathsInARow + 1
        var delay = Duration.zero
        for _ in 1..<deathsInARow {
            delay = delay == .zero ? Self.firstDelay : min(delay * 2, Self.longestDelay)
            if delay == Self.longestDelay { break }
        }
        return delay
    }
}
