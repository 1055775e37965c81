/// `xtext` (RFC 3461 §4): printable ASCII in which `+`, `=` and everything else is written `+` and two upper-case hexadecimal digits.
public enum Xtext {
    /// UTF-8 as xtext.
    public static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for octet in text.utf8 {
            if (0x21...0x7E).contains(octet), octet != UInt8(ascii: "+"), octet != UInt8(ascii: "=") {
                encoded.append(octet)
            } else {
                encoded += [UInt8(ascii: "+"), hexDigits[Int(octet >> 4)], hexDigits[Int(octet & 0xF)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// What it says; nil where it is no xtext, or no UTF-8. Digits in lower case are understood, too.
    public static func decode(_ text: some StringProtocol) -> String? {
        var decoded: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "+") {
                guard let high = rest.popFirst().flatMap(value), let low = rest.popFirst().flatMap(value) else { return nil }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(octet)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Whether the octets are xtext to the letter, and say nothing but printable ASCII or, above 127, UTF-8.
    ///
    /// Control characters have no business in an address or an envelope id, and would go into reports.
    public static func isWellFormed(_ octets: some Collection<UInt8>) -> Bool {
        var rest = octets[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "+"):
                guard let high = rest.popFirst().flatMap(upperCaseValue), let low = rest.popFirst().flatMap(upperCaseValue) else {
                    return false
                }
                let meaning = high << 4 | low
                guard meaning >= 0x20, meaning != 0x7F else { return false }
            case UInt8(ascii: "="): return false
            case 0x21...0x7E: break
            default: return false
            }
        }
        return true
    }

    private static func upperCaseValue(_ digit: UInt8) -> UInt8? {
        (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(digit) ? nil : value(digit)
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
