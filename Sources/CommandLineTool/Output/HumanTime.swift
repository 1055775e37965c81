import Foundation

/// A moment beside now, as a person would say it. The moments come from the core in RFC 3339, in UTC.
enum HumanTime {
    /// - Parameter now: seconds since 1970.
    static func use(_ text: String, now: Int64) -> String {
        guard !text.isEmpty else { return "never" }
        guard let moment = seconds(text) else { return text }
        return now - moment < 60 ? "just now" : "\(span(now - moment)) ago"
    }

    static func expiry(_ text: String, now: Int64) -> String {
        guard !text.isEmpty else { return "never" }
        guard let moment = seconds(text) else { return text }
        return moment <= now ? "expired" : "in \(span(moment - now))"
    }

    fileprivate static func seconds(_ text: String) -> Int64? {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return format.date(from: text).map { Int64($0.timeIntervalSince1970) }
    }

    /// How moments are said: beside now, or exactly.
    struct Form: Sendable {
        /// As the core says them: RFC 3339 in UTC.
        var isExact = false
        /// Seconds since 1970.
        let now: Int64

        init(isExact: Bool, now: Int64 = Int64(Date().timeIntervalSince1970)) { (self.isExact, self.now) = (isExact, now) }

        /// When something is to happen: `in 14 min`, `now`; empty where there is no moment.
        func due(_ text: String) -> String {
            guard !isExact, let moment = HumanTime.seconds(text) else { return text }
            return moment <= now ? "now" : "in \(HumanTime.short(moment - now))"
        }

        /// When something was: `14 min ago`.
        func past(_ text: String) -> String {
            guard !isExact, let moment = HumanTime.seconds(text) else { return text }
            return moment >= now ? "now" : "\(HumanTime.short(now - moment)) ago"
        }
    }

    /// `40 s`, `14 min`, `3 h`, `2 days`
    static func short(_ seconds: Int64) -> String {
        if let (count, name) = largest(seconds, of: [(86_400, "days"), (3600, "h"), (60, "min")]) { return "\(count) \(name)" }
        return seconds < 100 ? "\(seconds) s" : "1 min"
    }

    /// `1 minute`, `14 minutes`, `3 hours`, `2 years`; nothing is less than a minute.
    static func span(_ seconds: Int64) -> String {
        let found = largest(seconds, of: [(365 * 86_400, "year"), (86_400, "day"), (3600, "hour"), (60, "minute")])
        return found.map { Plural.text(Int($0.count), $0.name) } ?? Plural.text(Int(max(1, (seconds + 30) / 60)), "minute")
    }

    /// The largest unit of which there are two, and how many there are, rounded; nil where there are not two of any.
    private static func largest(
        _ seconds: Int64, of units: [(length: Int64, name: String)]
    ) -> (count: Int64, name: String)? {
        units.first { seconds >= 2 * $0.length }.map { ((seconds + $0.length / 2) / $0.length, $0.name) }
    }
}
