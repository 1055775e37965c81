import MailVocabulary
import NIOCore

/// Makes what strangers said fit for a report: bounded, without control characters, in ASCII where UTF-8 cannot be sent.
struct ReportText {
    static let maximumReplyLines = 20
    private static let maximumTextOctets = 1000
    /// A word longer than this is cut in two, so that no line comes near 998 octets.
    private static let maximumWordOctets = 500

    let allowsUTF8: Bool

    /// At most 1,000 octets; control characters become blanks, what would only confuse the eye becomes `?`.
    func sanitised(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        var octets = 0
        for scalar in text.unicodeScalars {
            octets += UTF8.width(scalar)
            if octets > Self.maximumTextOctets {
                safe.append(contentsOf: "...".unicodeScalars)
                break
            }
            switch scalar.value {
            case 0..<0x20, 0x7F: safe.append(" ")
            // C1 controls, line separators and what changes the direction of writing.
            case 0x80..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: safe.append("?")
            case 0x20..<0x7F: safe.append(scalar)
            default: safe.append(allowsUTF8 ? scalar : "?")
            }
        }
        return String(safe)
    }

    /// A host name or address literal; anything that is neither becomes `?`.
    func sanitisedHost(_ host: String) -> String {
        let octets = host.utf8.prefix(255).map { octet -> UInt8 in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"),
                UInt8(ascii: "/"):
                octet
            default: UInt8(ascii: "?")
            }
        }
        return octets.isEmpty ? "unknown" : String(decoding: octets, as: UTF8.self)
    }

    /// The address as people read it.
    func plain(_ address: EmailAddress) -> String {
        allowsUTF8 || !address.needsSMTPUTF8 ? "\(address)" : Self.utf8AddressXtext("\(address)")
    }

    /// The address with its type: `rfc822; …`, or `utf-8; …` (RFC 6533 §3).
    func typed(_ address: EmailAddress) -> String {
        address.needsSMTPUTF8 ? "utf-8; \(plain(address))" : "rfc822; \(address)"
    }

    /// `ORCPT=` where it was given and makes sense, otherwise what the sender wrote to.
    func originalRecipient(of recipient: FailedRecipient) -> String? {
        if let parameter = recipient.originalRecipient, let semicolon = parameter.utf8.firstIndex(of: UInt8(ascii: ";")) {
            let type = parameter[..<semicolon].lowercased()
            let value = String(parameter[parameter.utf8.index(after: semicolon)...])
            let isAtom = !type.isEmpty && type.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
            if isAtom, type == "utf-8" {
                return "utf-8; " + sanitised(allowsUTF8 ? value : Self.utf8AddressXtext(value, keepingEscapes: true))
            }
            if isAtom, let decoded = Self.decodedXtext(value) { return "\(type); \(sanitised(decoded))" }
        }
        return recipient.writtenTo.map(typed)
    }

    /// xtext (RFC 3461 §4) decoded; nil where it is none, or no UTF-8.
    static func decodedXtext(_ text: String) -> String? {
        var decoded: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "+") {
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else { return nil }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(octet)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// `utf-8-addr-xtext`: what is not plain ASCII as `\x{HEX}` (RFC 6533 §3).
    static func utf8AddressXtext(_ text: String, keepingEscapes: Bool = false) -> String {
        var encoded = ""
        for scalar in text.unicodeScalars {
            let isPlain = (0x21...0x7E).contains(scalar.value) && ((scalar != "+" && scalar != "=" && scalar != "\\") || keepingEscapes)
            encoded += isPlain ? String(scalar) : "\\x{" + String(scalar.value, radix: 16, uppercase: true) + "}"
        }
        return encoded
    }

    /// Writes words, indented by four and wrapped at 76 columns.
    func write(_ text: String, indentedInto buffer: inout ByteBuffer) {
        var column = 0
        for word in Self.words(of: text) {
            if column > 0, column + 1 + word.utf8.count > 76 {
                buffer.writeStaticString("\r\n")
                column = 0
            }
            buffer.writeString(column == 0 ? "    " : " ")
            buffer.writeSubstring(word)
            column += (column == 0 ? 4 : 1) + word.utf8.count
        }
        if column > 0 { buffer.writeStaticString("\r\n") }
    }

    /// Writes a field, folded; the value has been sanitised.
    func writeField(_ name: StaticString, _ value: String, into buffer: inout ByteBuffer) {
        var field = FieldWriter(appendingTo: buffer, name: name)
        buffer = ByteBuffer()
        for word in Self.words(of: value) { field.word(String(word)) }
        buffer = field.end()
    }

    private static func words(of text: String) -> [Substring] {
        text.split(separator: " ").flatMap { word -> [Substring] in
            var pieces: [Substring] = []
            var rest = word
            while rest.utf8.count > maximumWordOctets {
                var cut = rest.unicodeScalars.startIndex
                var octets = 0
                while octets + 4 <= maximumWordOctets {
                    octets += UTF8.width(rest.unicodeScalars[cut])
                    cut = rest.unicodeScalars.index(after: cut)
                }
                pieces.append(rest[..<cut])
                rest = rest[cut...]
            }
            pieces.append(rest)
            return pieces
        }
    }

    private static func hexDigit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
