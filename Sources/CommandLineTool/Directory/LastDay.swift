/// The last day on which a credential may be used, as a person writes it: `2027-01-31`, in UTC.
struct LastDay: Equatable {
    /// Seconds from 1970 to the midnight that ends the day.
    let endsAt: Int64

    struct Refusal: Error, Equatable { let message: String }

    /// - Parameter now: seconds since 1970.
    init(_ text: String, now: Int64) throws(Refusal) {
        let octets = Array(text.utf8)
        let isDigit = octets.map { (0x30...0x39).contains($0) }
        guard octets.count == 10, octets[4] == UInt8(ascii: "-"), octets[7] == UInt8(ascii: "-"),
            [0, 1, 2, 3, 5, 6, 8, 9].allSatisfy({ isDigit[$0] })
        else { throw Refusal(message: "'\(text.prefix(40))' is not a day (accepted: YYYY-MM-DD, such as 2027-01-31)") }
        func number(_ range: Range<Int>) -> Int { octets[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        guard (1...12).contains(month) else { throw Refusal(message: "'\(text)' is not a day: there is no month \(month)") }
        let length = Self.days(inMonth: month, of: year)
        guard (1...length).contains(day) else {
            throw Refusal(message: "'\(text)' is not a day: that month has the days 1 to \(length)")
        }
        endsAt = (Self.daysSince1970(year, month, day) + 1) * 86_400
        guard endsAt > now else { throw Refusal(message: "'\(text)' is over already (accepted: today, or a day to come)") }
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// In the Gregorian calendar, whose leap days are counted by years that begin in March.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }
}
