/// Windows of the week: `Mon..Fri 07:00-19:00`, `*-*-* 22:00-05:00` (E14), in local time.
public struct WeeklyWindow: Hashable, Sendable {
    /// The days on which it opens.
    public let days: Set<Weekday>
    /// Minutes after midnight, 0 to 1439.
    public let start: Int
    /// Minutes after midnight, 0 to 1440; not after `start`: on the next day.
    public let end: Int
    public let location: SourceLocation

    public init(days: Set<Weekday> = Set(Weekday.allCases), start: Int, end: Int, location: SourceLocation = .builtIn) {
        (self.days, self.start, self.end, self.location) = (days, start, end, location)
    }
}

/// A moment that comes again: `*-*-* 02:00`, `Sun 04:30`, `hourly` (S27), in local time.
public struct WeeklyMoment: Hashable, Sendable {
    public enum Time: Hashable, Sendable {
        /// At each full hour.
        case hourly
        /// - Parameter minute: after midnight, 0 to 1439.
        case at(minute: Int)
    }

    public let days: Set<Weekday>
    public let time: Time
    public let location: SourceLocation

    public init(days: Set<Weekday> = Set(Weekday.allCases), time: Time, location: SourceLocation = .builtIn) {
        (self.days, self.time, self.location) = (days, time, location)
    }
}
