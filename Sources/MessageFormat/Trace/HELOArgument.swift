import MailVocabulary

/// What a client said behind HELO or EHLO, made safe to be written into a header field.
struct HELOArgument: Hashable, Sendable {
    /// The name, where it is one.
    let name: DomainName?
    /// A domain, or an address literal: what may follow `from` (RFC 5321 §4.4). nil for anything else.
    let domain: String?
    /// What was said instead of a domain: printable ASCII without parentheses, quotes and backslashes, at most 64 octets.
    let remark: String?

    init(_ text: String?) {
        guard let text, !text.isEmpty else {
            (name, domain, remark) = (nil, nil, nil)
            return
        }
        name = DomainName(parsing: text)
        if let name {
            domain = name.text
        } else if text.utf8.first == UInt8(ascii: "["), case .literal(let address)? = EmailAddress(parsing: "x@" + text.prefix(64))?.domain
        {
            domain = address.literal
        } else if text.utf8.count <= 255, text.utf8.allSatisfy(Self.isHostText) {
            // No domain by the grammar, but harmless and common: names with underscores.
            domain = text
        } else {
            domain = nil
        }
        remark = domain == nil ? Self.sanitised(text) : nil
    }

    private static func isHostText(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func sanitised(_ text: String) -> String {
        let limit = 64
        var safe = text.utf8.prefix(limit).map { octet -> UInt8 in
            switch octet {
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: "\\"), 0...0x20, 0x7F...0xFF: UInt8(ascii: "?")
            default: octet
            }
        }
        if text.utf8.count > limit { safe += Array("...".utf8) }
        return String(decoding: safe, as: UTF8.self)
    }
}
