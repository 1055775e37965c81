/// Walks over the parameters behind a path: `*( SP esmtp-keyword [ "=" esmtp-value ] )` (RFC 5321 §4.1.2).
struct ParameterReader {
    struct Parameter {
        /// At most `maximumKeyword` octets.
        let keyword: ArraySlice<UInt8>
        /// nil where there is no `=`; never empty.
        let value: ArraySlice<UInt8>?

        func isNamed(_ name: StaticString) -> Bool { keyword.equalsIgnoringCase(name) }
    }

    private let bytes: [UInt8]
    private var position: Int

    init(bytes: [UInt8], position: Int) { (self.bytes, self.position) = (bytes, position) }

    /// The next parameter; nil at the end of the line.
    mutating func next() throws(CommandError) -> Parameter? {
        let start = position
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        // RFC 5321 §4.1.1: space before the CRLF is tolerated.
        if position == bytes.count { return nil }
        guard position > start else { throw .parameterSyntax }

        let keywordStart = position
        while position < bytes.count, Self.isKeywordText(bytes[position]) { position += 1 }
        let keyword = bytes[keywordStart..<position]
        guard let first = keyword.first, first != UInt8(ascii: "-") else { throw .parameterSyntax }
        if position == bytes.count || bytes[position] == UInt8(ascii: " ") { return Parameter(keyword: keyword, value: nil) }

        guard bytes[position] == UInt8(ascii: "=") else { throw .parameterSyntax }
        position += 1
        let valueStart = position
        while position < bytes.count, Self.isValueText(bytes[position]) { position += 1 }
        guard position > valueStart else { throw .parameterSyntax }
        return Parameter(keyword: keyword, value: bytes[valueStart..<position])
    }

    private static func isKeywordText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// `esmtp-value`, and octets of UTF-8 (RFC 6533 §3 lets ORCPT have them).
    private static func isValueText(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x3C, 0x3E...0x7E, 0x80...0xFF: true
        default: false
        }
    }
}

extension Collection<UInt8> {
    /// - Parameter name: upper case, ASCII.
    func equalsIgnoringCase(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        var index = 0
        for byte in self {
            let upper = (0x61...0x7A).contains(byte) ? byte & 0xDF : byte
            guard upper == name.utf8Start[index] else { return false }
            index += 1
        }
        return true
    }
}
