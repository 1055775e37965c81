/// Durations as the configuration writes them: `90s`, `10m`, `12h`, `2d`.
enum DurationText {
    static let accepted = "a duration such as 90s, 10m, 12h or 2d"
    /// Ten years; longer is a slip.
    static let maximum = Duration.seconds(3650 * 86_400)

    static func parse(_ text: String) -> Duration? {
        guard let unit = text.utf8.last, let factor = factors[unit] else { return nil }
        let digits = text.utf8.dropLast()
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let number = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        return .seconds(number * factor)
    }

    /// The shortest exact form of a whole number of seconds.
    static func describe(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        for (unit, factor) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)] where seconds > 0 && seconds % factor == 0 {
            return "\(seconds / factor)\(unit)"
        }
        return "\(seconds)s"
    }

    private static let factors: [UInt8: Int64] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400,
    ]
}
