import MailVocabulary

extension Timestamp {
    /// As RFC 5322 §3.3 writes a date: `Tue, 24 Nov 2026 03:07:00 +0000`.
    ///
    /// - Parameter zoneOffset: minutes east of UTC, -720 to 840; 0 by default.
    public func mailDate(zoneOffset: Int = 0) -> String {
        let local = microseconds.flooringDivision(by: 1_000_000).quotient + Int64(zoneOffset) * 60
        let (days, secondOfDay) = local.flooringDivision(by: 86400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        let second = Int(secondOfDay)
        var text = ""
        text.reserveCapacity(31)
        text += Self.weekdays[Int((days % 7 + 11) % 7)]
        text += ", \(date.day) \(Self.months[date.month - 1]) "
        text += Self.padded(date.year, 4) + " " + Self.padded(second / 3600, 2)
        text += ":" + Self.padded(second / 60 % 60, 2) + ":" + Self.padded(second % 60, 2)
        let magnitude = abs(zoneOffset)
        text += zoneOffset < 0 ? " -" : " +"
        return text + Self.padded(magnitude / 60, 2) + Self.padded(magnitude % 60, 2)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// A day of the proleptic Gregorian calendar, computed so that no C library call and no lock is needed for each message.
private struct CivilDate {
    let year: Int
    let month: Int
    let day: Int

    /// Counts in years that begin in March, so that the leap day is the last of its year.
    init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension Int64 {
    fileprivate func flooringDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
