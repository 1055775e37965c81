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
            case _ where EscapedText.isEscaped(scalar): safe.append("?")
            case 0x20..<0x7F: safe.append(scalar)
            default: safe.append(allowsUTF8 ? scalar : "?")
            }
        }
        return String(safe)
    }

    /// The host as `Remote-MTA` and the words for people may name it: a host name or an address literal; nil for anything else.
    static func host(_ text: String?) -> String? {
        guard let text else { return nil }
        if let name = DomainName(inRecord: text) { return name.text }
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        let inner = text.dropFirst().dropLast()
        return IPAddress(parsing: inner.lowercased().hasPrefix("ipv6:") ? inner.dropFirst(5) : inner)?.literal
    }

    /// The address as people read it.
    func plain(_ address: EmailAddress) -> String {
        allowsUTF8 || !address.needsSMTPUTF8 ? "\(address)" : UTF8AddressXtext.encode("\(address)")
    }

    /// The address with its type: `rfc822; …`, or `utf-8; …` (RFC 6533 §3).
    func typed(_ address: EmailAddress) -> String {
        address.needsSMTPUTF8 ? "utf-8; \(plain(address))" : "rfc822; \(address)"
    }

    /// `ORCPT=` where it was given and makes sense, otherwise what the sender wrote to.
    func originalRecipient(of recipient: FailedRecipient) -> String? {
        if let original = recipient.originalRecipient.flatMap({ OriginalRecipient(parameter: $0) }) {
            let address = sanitised(original.address)
            guard original.type == "utf-8" else { return "\(original.type); \(address)" }
            return "utf-8; " + (allowsUTF8 ? address : UTF8AddressXtext.encode(original.address))
        }
        return recipient.writtenTo.map(typed)
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
        var field = FieldWriter(appendingTo: &buffer, name: name)
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
}
