/// The 32 characters of refusal codes, five bits each: digits and lower-case letters without i, l, o and u, which are misread.
enum RefusalAlphabet {
    private static let characters = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// - Parameter characters: so many, from the highest bits on.
    static func text(_ value: UInt32, characters count: Int) -> String {
        String(decoding: (0..<count).map { characters[Int(value >> UInt32(5 * (count - 1 - $0))) & 31] }, as: UTF8.self)
    }

    /// - Parameter text: at most six characters, in any case.
    /// - Returns: nil where one is none of them.
    static func value(_ text: some Sequence<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for byte in text {
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            guard let digit = characters.firstIndex(of: lower) else { return nil }
            value = value << 5 | UInt32(digit)
        }
        return value
    }
}

/// FNV-1a over words, and the finaliser of SplitMix64: the low bits of the first alone are poor. Never changed: codes stand in the logs of years.
struct RefusalHash {
    let value: UInt64

    init(_ words: String...) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for (index, word) in words.enumerated() {
            if index > 0 { hash = (hash ^ 0x20) &* 0x100_0000_01B3 }
            for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        value = hash ^ (hash >> 31)
    }
}
