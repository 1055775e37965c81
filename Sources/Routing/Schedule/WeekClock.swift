import MailVocabulary
import Topology

/// A moment within the week, in local time: what schedules go by (E14).
struct WeekClock: Hashable, Sendable {
    static let secondsOfWeek = 7 * 86_400

    /// Since Monday 00:00, 0 to 604,799.
    let second: Int

    /// - Parameter utcOffset: seconds that local time is ahead of UTC.
    init(_ time: Timestamp, utcOffset: Int) {
        // 1 January 1970 was a Thursday.
        let local = Int(time.seconds) + utcOffset + 3 * 86_400
        second = (local % Self.secondsOfWeek + Self.secondsOfWeek) % Self.secondsOfWeek
    }
}

extension ConnectorSchedule {
    /// What a schedule says of a moment.
    enum State: Hashable, Sendable {
        case open
        /// It opens in so many seconds.
        case closed(seconds: Int)
        case neverOpens
    }

    /// - Parameter size: of the message in octets; where it is not known, the schedule of the smaller ones counts.
    func state(at clock: WeekClock, size: Int?) -> State {
        if let oversize, let size, size > oversize.over.bytes { return oversize.times.state(at: clock) }
        return times.state(at: clock)
    }
}

extension ConnectorSchedule.Times {
    func state(at clock: WeekClock) -> ConnectorSchedule.State {
        guard case .at(let windows) = self else { return self == .always ? .open : .neverOpens }
        var nearest: Int?
        for window in windows {
            for day in window.days {
                let begin = (day.rawValue - 1) * 86_400 + window.start * 60
                // An end that is not after the start is on the next day.
                let length = (window.end > window.start ? window.end - window.start : window.end + 1440 - window.start) * 60
                let since = (clock.second - begin + WeekClock.secondsOfWeek) % WeekClock.secondsOfWeek
                if since < length { return .open }
                nearest = min(nearest ?? .max, WeekClock.secondsOfWeek - since)
            }
        }
        return nearest.map { .closed(seconds: $0) } ?? .neverOpens
    }
}
