import MailVocabulary

/// When a recipient is tried again after an attempt that failed for now (E07), and when it is given up (E09).
public struct RetrySchedule: Hashable, Sendable {
    public let first: Duration
    public let second: Duration
    public let third: Duration
    public let subsequent: Duration
    /// Counted from the time the message was received.
    public let expiration: Duration
    /// So many attempts that do not reach the next hop are tried again after `glitch`, before the intervals above begin.
    public let glitches: UInt32

    /// A minute, or `first` where that is shorter.
    public static let glitch = Duration.seconds(60)

    public init(
        first: Duration = .seconds(15 * 60), second: Duration = .seconds(30 * 60), third: Duration = .seconds(60 * 60),
        subsequent: Duration = .seconds(4 * 60 * 60), expiration: Duration = .seconds(2 * 24 * 60 * 60), glitches: UInt32 = 0
    ) {
        self.glitches = glitches
        (self.first, self.second, self.third, self.subsequent, self.expiration) = (first, second, third, subsequent, expiration)
    }

    /// - Parameters:
    ///   - attempts: how many are over, the one that just failed included; at least 1.
    ///   - now: when it failed.
    ///   - wasReached: whether the next hop answered.
    /// - Returns: when to try again, or nil where the message is as old as it may get. The last attempt falls on the moment of
    ///   expiration at the latest, so that the sender hears of it then.
    public func nextAttempt(after attempts: UInt32, receivedAt: Timestamp, now: Timestamp, wasReached: Bool = false) -> Timestamp? {
        let end = receivedAt + expiration
        guard now < end else { return nil }
        if !wasReached, attempts <= glitches { return min(now + min(Self.glitch, first), end) }
        let interval =
            switch wasReached ? attempts : attempts - glitches {
            case 0, 1: first
            case 2: second
            case 3: third
            default: subsequent
            }
        return min(now + interval, end)
    }
}
