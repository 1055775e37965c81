/// What a word without quotes is in YAML, by its core schema (YAML 1.2.2 §10.3.2), which is what editors and the JSON Schema go by.
enum PlainScalar {
    /// `a number` and so on where it is no text; nil where it is one.
    static func kindOtherThanText(_ text: String) -> String? {
        switch text {
        case "true", "True", "TRUE", "false", "False", "FALSE": return "a Boolean"
        case "null", "Null", "NULL", "~", "": return "nothing"
        default: return isNumber(text) ? "a number" : nil
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        if text.hasPrefix("0o") { return octets.count > 2 && octets[2...].allSatisfy { (0x30...0x37).contains($0) } }
        if text.hasPrefix("0x") { return octets.count > 2 && text.dropFirst(2).allSatisfy(\.isHexDigit) }
        var rest = octets[...]
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        if [".inf", ".Inf", ".INF"].contains(String(decoding: rest, as: UTF8.self)) || [".nan", ".NaN", ".NAN"].contains(text) {
            return true
        }
        let before = rest.prefix(while: isDigit)
        rest = rest.dropFirst(before.count)
        var after = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: isDigit)
            after = digits.count
            rest = rest.dropFirst(1 + digits.count)
        }
        guard !before.isEmpty || after > 0 else { return false }
        guard let exponent = rest.first else { return true }
        guard exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    private static func isDigit(_ octet: UInt8) -> Bool { (0x30...0x39).contains(octet) }
}
