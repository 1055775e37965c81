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

    private static func seconds(_ text: String) -> Int64? {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return format.date(from: text).map { Int64($0.timeIntervalSince1970) }
    }

    /// In the largest unit of which there are two, rounded.
    static func span(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(365 * 86_400, "year"), (86_400, "day"), (3600, "hour"), (60, "minute")]
        let (length, name) = units.first { seconds >= 2 * $0.0 } ?? (60, "minute")
        let count = max(1, (seconds + length / 2) / length)
        return "\(count) \(name)\(count == 1 ? "" : "s")"
    }
}
