/// `xtext` (RFC 3461 §4): printable ASCII in which `+`, `=` and everything else is written `+` and two upper-case hexadecimal digits.
enum Xtext {
    /// Whether the octets are xtext whose meaning is printable ASCII or, for `utf-8` addresses, UTF-8.
    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"):
                guard bytes.endIndex - index > 2, let high = hexDigit(bytes[index + 1]), let low = hexDigit(bytes[index + 2]) else {
                    return false
                }
                let meaning = high << 4 | low
                // Control characters have no business in an address or an envelope id, and would go into reports.
                guard meaning >= 0x20, meaning != 0x7F else { return false }
                index += 3
            case UInt8(ascii: "="):
                return false
            case 0x21...0x7E:
                index += 1
            default:
                return false
            }
        }
        return true
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 0x30
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 0x37
        default: nil
        }
    }
}
