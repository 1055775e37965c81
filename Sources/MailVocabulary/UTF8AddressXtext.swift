/// `utf-8-addr-xtext` (RFC 6533 §3): ASCII in which `+`, `=`, `\` and what is not printable ASCII is written `\x{HEX}`.
public enum UTF8AddressXtext {
    public static func encode(_ text: String) -> String {
        var encoded = ""
        for scalar in text.unicodeScalars {
            let isPlain = (0x21...0x7E).contains(scalar.value) && scalar != "+" && scalar != "=" && scalar != "\\"
            encoded += isPlain ? String(scalar) : "\\x{" + String(scalar.value, radix: 16, uppercase: true) + "}"
        }
        return encoded
    }

    /// What it says, also where characters beyond ASCII stand for themselves (`utf-8-addr-unitext`); nil where it is neither.
    public static func decode(_ text: some StringProtocol) -> String? {
        var decoded = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                decoded.append(scalar)
                continue
            }
            guard rest.popFirst() == "x", rest.popFirst() == "{", let end = rest.firstIndex(of: "}") else { return nil }
            let digits = Substring(rest[..<end])
            // Six digits say every code point; a sign is no digit.
            guard (1...6).contains(digits.utf8.count), digits.first != "+", digits.first != "-", let value = UInt32(digits, radix: 16),
                let meaning = Unicode.Scalar(value)
            else { return nil }
            decoded.append(meaning)
            rest = rest[rest.index(after: end)...]
        }
        return String(decoded)
    }
}
