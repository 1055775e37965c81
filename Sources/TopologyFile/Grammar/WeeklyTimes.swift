import Topology

/// Times of the week as in systemd.time(7), the part of it that E14 and S27 need.
enum WeeklyTimes {
    static let acceptedWindow = "a window such as `Mon..Fri 07:00-19:00`, `Sat,Sun 10:00-12:00` or `*-*-* 22:00-05:00`"
    static let acceptedMoment = "a time such as `*-*-* 02:00`, `Sun 04:30` or `hourly`"

    static func window(_ text: String, at location: SourceLocation = .builtIn) -> WeeklyWindow? {
        guard let (days, time) = split(text) else { return nil }
        let ends = time.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = minute(ends[0]), start < 1440, let end = minute(ends[1]), start != end else { return nil }
        return WeeklyWindow(days: days, start: start, end: end, location: location)
    }

    static func moment(_ text: String, at location: SourceLocation = .builtIn) -> WeeklyMoment? {
        if text == "hourly" { return WeeklyMoment(time: .hourly, location: location) }
        guard let (days, time) = split(text), let minute = minute(time), minute < 1440 else { return nil }
        return WeeklyMoment(days: days, time: .at(minute: minute), location: location)
    }

    /// Days before the time; without days, every day.
    private static func split(_ text: String) -> (days: Set<Weekday>, time: Substring)? {
        let words = text.split(separator: " ")
        switch words.count {
        case 1: return (Set(Weekday.allCases), words[0])
        case 2: return days(words[0]).map { ($0, words[1]) }
        default: return nil
        }
    }

    private static func days(_ text: Substring) -> Set<Weekday>? {
        if text == "*-*-*" { return Set(Weekday.allCases) }
        var days: Set<Weekday> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let dots = part.firstRange(of: "..") {
                guard let first = day(part[..<dots.lowerBound]), let last = day(part[dots.upperBound...]) else { return nil }
                var current = first
                days.insert(current)
                // `Fri..Mon` goes over the week's end.
                while current != last, let next = Weekday(rawValue: current.rawValue % 7 + 1) {
                    current = next
                    days.insert(current)
                }
            } else {
                guard let day = day(part) else { return nil }
                days.insert(day)
            }
        }
        return days.isEmpty ? nil : days
    }

    private static func day(_ text: Substring) -> Weekday? {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        return names.firstIndex(of: text.lowercased()).flatMap { Weekday(rawValue: $0 + 1) }
    }

    /// `07:00` to `24:00`, in minutes.
    private static func minute(_ text: Substring) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (0x30...0x39).contains(bytes[$0]) })
        else { return nil }
        let hour = Int(bytes[0] - 0x30) * 10 + Int(bytes[1] - 0x30)
        let minute = Int(bytes[3] - 0x30) * 10 + Int(bytes[4] - 0x30)
        guard minute < 60, hour < 24 || (hour == 24 && minute == 0) else { return nil }
        return hour * 60 + minute
    }
}
