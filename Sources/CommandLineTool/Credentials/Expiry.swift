/// When a credential ends, as a person writes it: a time from now (`90d`, `12w`, `36h`) or the last day (`2027-01-31`, in UTC).
struct Expiry: Equatable {
    /// Seconds since 1970.
    let endsAt: Int64

    struct Refusal: Error, Equatable { let message: String }

    private static let units: [Character: Int64] = ["h": 3600, "d": 86_400, "w": 7 * 86_400]
    private static let mostSeconds: Int64 = 100 * 365 * 86_400

    /// - Parameter now: seconds since 1970.
    init(_ text: String, now: Int64) throws(Refusal) {
        if let unit = text.last.flatMap({ Self.units[$0] }) {
            let digits = text.dropLast()
            guard (1...6).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int64(digits),
                count > 0, count * unit <= Self.mostSeconds
            else { throw Refusal(message: "'\(text.prefix(40))' is no time to come (accepted: 90d, 12w or 36h, at most 100 years)") }
            endsAt = now + count * unit
            return
        }
        do throws(LastDay.Refusal) { endsAt = try LastDay(text, now: now).endsAt } catch {
            let accepts = text.contains("-") ? "" : "; or a time from now: 90d, 12w, 36h"
            throw Refusal(message: error.message + accepts)
        }
    }
}
