import MailVocabulary

/// When a recipient is tried again after an attempt that failed for now, and a next hop that could not be reached (E07), and when a message
/// is given up (E09).
public struct RetrySchedule: Hashable, Sendable {
    public let first: Duration
    public let second: Duration
    public let third: Duration
    public let subsequent: Duration
    /// Counted from the time the message was received.
    public let expiration: Duration
    /// So often a next hop that could not be reached is asked again after `glitch`, before the intervals above begin.
    public let glitches: UInt32
    /// At most `first`.
    public let glitch: Duration

    /// - Parameter glitch: where it is longer than `first`, that counts.
    public init(
        first: Duration = .seconds(15 * 60), second: Duration = .seconds(30 * 60), third: Duration = .seconds(60 * 60),
        subsequent: Duration = .seconds(4 * 60 * 60), expiration: Duration = .seconds(5 * 24 * 60 * 60), glitches: UInt32 = 3,
        glitch: Duration = .seconds(60)
    ) {
        (self.glitches, self.glitch) = (glitches, min(glitch, first))
        (self.first, self.second, self.third, self.subsequent, self.expiration) = (first, second, third, subsequent, expiration)
    }

    /// When a recipient is tried again: the ladder of the message.
    ///
    /// - Parameters:
    ///   - attempts: how many are over, the one that just failed included; at least 1.
    ///   - now: when it failed.
    ///   - wasInterrupted: whether the connection broke off before there was a word on the recipient: that may be over in a moment.
    /// - Returns: when to try again, or nil where the message is as old as it may get. The last attempt falls on the moment of
    ///   expiration at the latest, so that the sender hears of it then.
    public func nextAttempt(after attempts: UInt32, receivedAt: Timestamp, now: Timestamp, wasInterrupted: Bool = false) -> Timestamp? {
        let end = receivedAt + expiration
        guard now < end else { return nil }
        return min(now + (wasInterrupted ? intervalOutOfReach(attempts) : interval(attempts)), end)
    }

    /// When a next hop that could not be reached is asked again, whatever waits for it: the ladder of the next hop, which is no attempt of
    /// any message.
    ///
    /// - Parameter failures: in a row, the one of now included; at least 1.
    public func nextContact(after failures: UInt32, now: Timestamp) -> Timestamp { now + intervalOutOfReach(failures) }

    private func intervalOutOfReach(_ failures: UInt32) -> Duration {
        failures <= glitches ? glitch : interval(failures - glitches)
    }

    private func interval(_ failures: UInt32) -> Duration {
        switch failures {
        case 0, 1: first
        case 2: second
        case 3: third
        default: subsequent
        }
    }
}
