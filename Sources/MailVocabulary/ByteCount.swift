/// A number of octets: of a message, a limit, a buffer.
///
/// Never negative. Written in configuration as `512B`, `64KiB`, `10MiB`, `1GiB`.
public struct ByteCount: Hashable, Comparable, Sendable {
    /// The number of octets.
    public let bytes: Int

    /// - Parameter bytes: zero or more; a negative number is a programmer's mistake.
    public init(_ bytes: Int) {
        precondition(bytes >= 0, "a byte count is never negative")
        self.bytes = bytes
    }

    public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count * 1024) }
    public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count * 1024 * 1024) }

    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    /// Reads `512B`, `64KiB`, `10MiB`, `1GiB`; nil for anything else, a negative number or one that overflows.
    public init?(parsing text: some StringProtocol) {
        let units: [(suffix: String, factor: Int)] = [("KiB", 1024), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]
        for unit in units where text.hasSuffix(unit.suffix) {
            let digits = text.dropLast(unit.suffix.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: unit.factor)
            if overflow { return nil }
            self.init(product)
            return
        }
        return nil
    }
}

extension ByteCount: CustomStringConvertible {
    /// The shortest exact form, as the configuration writes it.
    public var description: String {
        for (suffix, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1024)]
        where bytes >= factor && bytes % factor == 0 {
            return "\(bytes / factor)\(suffix)"
        }
        return "\(bytes)B"
    }
}

extension ByteCount {
    /// For a sentence, rounded up to a tenth: `34 MiB`, `2.5 KiB`, `900 octets`.
    public var approximately: String {
        for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1024)] where bytes >= factor {
            let whole = bytes / factor
            let tenths = (bytes % factor * 10 + factor - 1) / factor
            switch tenths {
            case 0: return "\(whole) \(unit)"
            case 10: return "\(whole + 1) \(unit)"
            default: return "\(whole).\(tenths) \(unit)"
            }
        }
        return bytes == 1 ? "1 octet" : "\(bytes) octets"
    }
}
