import Glibc

/// A moment as log lines write it: RFC 3339 in UTC with milliseconds, by integer arithmetic alone.
struct LogTime: Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    let milliseconds: Int64

    static func now() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Appends `2026-11-24T03:07:00.125Z`.
    func append(to line: inout LogLine) {
        let days = milliseconds.flooredQuotient(dividingBy: 86_400_000)
        let ofDay = Int(milliseconds - days * 86_400_000)
        let date = Self.date(ofDay: days)
        line.append(number: date.year, digits: 4)
        line.append(UInt8(ascii: "-"))
        line.append(number: date.month, digits: 2)
        line.append(UInt8(ascii: "-"))
        line.append(number: date.day, digits: 2)
        line.append(UInt8(ascii: "T"))
        line.append(number: ofDay / 3_600_000, digits: 2)
        line.append(UInt8(ascii: ":"))
        line.append(number: ofDay / 60_000 % 60, digits: 2)
        line.append(UInt8(ascii: ":"))
        line.append(number: ofDay / 1000 % 60, digits: 2)
        line.append(UInt8(ascii: "."))
        line.append(number: ofDay % 1000, digits: 3)
        line.append(UInt8(ascii: "Z"))
    }

    /// The Gregorian date of a day counted from 1970-01-01, by the era of 146,097 days (400 years) whose years begin in March.
    private static func date(ofDay day: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted.flooredQuotient(dividingBy: 146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}

extension LogLine {
    /// Appends the last `digits` decimal digits of a number that is not negative.
    fileprivate mutating func append(number: Int, digits: Int) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}

extension Int64 {
    fileprivate func flooredQuotient(dividingBy divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
