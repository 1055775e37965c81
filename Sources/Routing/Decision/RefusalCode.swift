/// A short name of a rule that refuses, as replies carry it: `[R-7f3k2]`.
///
/// A hash of the rule's kind and of its place in the tree of the configuration, not of its line: the same rule has the same code after
/// a reload, in every process, and nobody can make new ones. Five characters tell a few thousand rules apart, mostly: two rules may
/// share a code, so whoever looks one up gets a list.
public struct RefusalCode: Hashable, Sendable {
    /// 25 bits.
    private let value: UInt32

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// - Parameters:
    ///   - rule: the rule's number in "The decision, exactly".
    ///   - path: where it is configured: `connectors.general.restrictions.reject_from`.
    init(rule: String, path: String) {
        // FNV-1a, and the finaliser of SplitMix64: the low bits of the first alone are poor.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in rule.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ 0x20) &* 0x100_0000_01B3
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        value = UInt32(truncatingIfNeeded: (hash ^ (hash >> 31)) >> 39)
    }

    /// Reads `R-7f3k2`, with or without brackets, in any case; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        guard text.utf8.count == 7, text.lowercased().hasPrefix("r-") else { return nil }
        var value: UInt32 = 0
        for byte in text.utf8.dropFirst(2) {
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            guard let digit = Self.alphabet.firstIndex(of: lower) else { return nil }
            value = value << 5 | UInt32(digit)
        }
        self.value = value
    }
}

extension RefusalCode: CustomStringConvertible {
    /// `R-7f3k2`.
    public var description: String {
        "R-"
            + String(unsafeUninitializedCapacity: 5) { buffer in
                for index in 0..<5 { buffer[index] = Self.alphabet[Int(value >> UInt32(20 - 5 * index)) & 31] }
                return 5
            }
    }
}
