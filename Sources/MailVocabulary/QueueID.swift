/// The id of a message in the queue. Ids sort by the time the message began, and are never used twice.
///
/// The value is a time in microseconds, moved forward where two messages fall into one; the text is eleven characters of
/// Crockford's base 32 in lower case, so that text sorts as the numbers do.
public struct QueueID: Hashable, Comparable, Sendable {
    public let value: Int64

    /// - Parameter value: 0 to 2^55 - 1 (the year 3111 in microseconds).
    public init(value: Int64) {
        precondition((0..<(1 << 55)).contains(value), "a queue id has 55 bits")
        self.value = value
    }

    private static let alphabet: [UInt8] = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Reads the eleven characters, in any case; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count == 11 else { return nil }
        var value: Int64 = 0
        for byte in bytes {
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            guard let digit = Self.alphabet.firstIndex(of: lower) else { return nil }
            value = value << 5 | Int64(digit)
        }
        self.init(value: value)
    }

    public static func < (left: QueueID, right: QueueID) -> Bool { left.value < right.value }
}

extension QueueID: CustomStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: 11) { buffer in
            for index in 0..<11 {
                buffer[index] = Self.alphabet[Int(value >> Int64(50 - 5 * index)) & 31]
            }
            return 11
        }
    }
}
