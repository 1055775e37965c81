/// Base 64 as RFC 4954 §4 wants it: of RFC 4648 §4 to the letter, in one line.
enum Base64 {
    /// - Returns: nil for anything that `encode` would not have written: a character beyond the alphabet, padding that is missing or in
    ///   the middle, bits that say nothing but are set.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count / 4 * 3)
        var (bits, count, padding): (UInt32, Int, Int) = (0, 0, 0)
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                bits <<= 6
            } else {
                guard padding == 0, let digit = value(character) else { return nil }
                bits = bits << 6 | UInt32(digit)
            }
            count += 1
            guard count % 4 == 0 else { continue }
            let group = [UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8), UInt8(truncatingIfNeeded: bits)]
            guard padding <= 2, group.suffix(padding).allSatisfy({ $0 == 0 }) else { return nil }
            decoded += group.dropLast(padding)
            bits = 0
            if padding > 0 { return count == text.count ? decoded : nil }
        }
        return decoded
    }

    static func encode(_ octets: some Collection<UInt8>) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(encodedCount(octets.count))
        var (bits, count): (UInt32, Int) = (0, 0)
        for octet in octets {
            bits = bits << 8 | UInt32(octet)
            count += 1
            guard count == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { encoded.append(alphabet[Int(bits >> shift & 63)]) }
            (bits, count) = (0, 0)
        }
        if count > 0 {
            bits <<= count == 1 ? 16 : 8
            for shift in [18, 12, 6].prefix(count + 1) as ArraySlice<UInt32> { encoded.append(alphabet[Int(bits >> shift & 63)]) }
            encoded += repeatElement(UInt8(ascii: "="), count: 3 - count)
        }
        return encoded
    }

    /// How many characters so many octets take.
    static func encodedCount(_ octets: Int) -> Int { (octets + 2) / 3 * 4 }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
