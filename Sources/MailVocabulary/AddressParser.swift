/// Reads the address grammar of RFC 5321 §4.1.2 with the UTF-8 extension of RFC 6531 §3.3, from a position onwards.
///
/// Beyond the grammar it takes what addresses in use have: dots at either end of a local part and next to each other (`name.@carrier.example`,
/// `a..b@carrier.example`), which mean what `"name."@carrier.example` means, and underscores in domains.
///
/// One forward pass over octets; a rule that does not match returns nil and leaves the position where it gave up.
public struct AddressParser {
    private let bytes: [UInt8]
    /// Whether Postern itself has written it, when an address could have more characters than now.
    private let isRecorded: Bool
    /// The index of the next octet.
    public private(set) var position: Int

    public init(bytes: [UInt8], position: Int = 0) { self.init(bytes: bytes, position: position, isRecorded: false) }

    init(bytes: [UInt8], position: Int = 0, isRecorded: Bool) {
        (self.bytes, self.position, self.isRecorded) = (bytes, position, isRecorded)
    }

    public var isAtEnd: Bool { position == bytes.count }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// `"<" [ A-d-l ":" ] Mailbox ">"`; a source route is read and dropped (RFC 5321 appendix C).
    public mutating func path() -> EmailAddress? {
        guard skip(UInt8(ascii: "<")), skipSourceRoute(), let address = mailbox(), skip(UInt8(ascii: ">")) else { return nil }
        return address
    }

    /// `"<>"`, the null reverse-path (RFC 5321 §4.5.5).
    public mutating func nullPath() -> Bool {
        guard next == UInt8(ascii: "<"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: ">") else { return false }
        position += 2
        return true
    }

    /// `Local-part "@" ( Domain / address-literal )`.
    public mutating func mailbox() -> EmailAddress? {
        guard let local = next == UInt8(ascii: "\"") ? quotedString() : dotString(), skip(UInt8(ascii: "@")),
            let domain = domain()
        else { return nil }
        return isRecorded ? EmailAddress(recordedLocalPart: local, domain: domain) : EmailAddress(localPart: local, domain: domain)
    }

    /// `Local-part ">"` without a domain: only `<Postmaster>` may be written so (RFC 5321 §4.1.1.3).
    public mutating func bareLocalPart() -> String? {
        guard skip(UInt8(ascii: "<")), let local = dotString(), skip(UInt8(ascii: ">")) else { return nil }
        return local
    }

    private mutating func skipSourceRoute() -> Bool {
        guard next == UInt8(ascii: "@") else { return true }
        repeat {
            guard skip(UInt8(ascii: "@")), domain() != nil else { return false }
        } while skip(UInt8(ascii: ","))
        return skip(UInt8(ascii: ":"))
    }

    private mutating func domain() -> MailDomain? {
        if next == UInt8(ascii: "[") { return addressLiteral().map(MailDomain.literal) }
        let start = position
        while let byte = next, Self.isDomainText(byte) { position += 1 }
        guard let text = String(validating: bytes[start..<position], as: UTF8.self), let name = DomainName(inAddress: text) else {
            return nil
        }
        return .name(name)
    }

    private mutating func addressLiteral() -> IPAddress? {
        guard skip(UInt8(ascii: "[")) else { return nil }
        let start = position
        while let byte = next, byte != UInt8(ascii: "]") {
            guard position - start < 64 else { return nil }
            _ = byte
            position += 1
        }
        guard let text = String(validating: bytes[start..<position], as: UTF8.self), skip(UInt8(ascii: "]")) else { return nil }
        if text.utf8.count > 5, text.prefix(5).lowercased() == "ipv6:" {
            // A mapped address normalises to IPv4, and is still what was meant; IPv4 behind the tag is not.
            let literal = text.dropFirst(5)
            return literal.contains(":") ? IPAddress(parsing: literal) : nil
        }
        return IPAddress(parsing: text).flatMap { text.contains(":") ? nil : $0 }
    }

    private mutating func dotString() -> String? {
        let start = position
        while let byte = next, byte == UInt8(ascii: ".") || Self.isAtomText(byte) { position += 1 }
        guard position > start else { return nil }
        return String(validating: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quotedString() -> String? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return content.isEmpty ? nil : String(validating: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = next, (0x20...0x7E).contains(escaped) else { return nil }
                content.append(escaped)
                position += 1
            case 0x20...0x7E, 0x80...0xFF:
                content.append(byte)
            default:
                return nil
            }
        }
        return nil
    }

    /// `atext` of RFC 5322 §3.2.3, and any octet of a UTF-8 sequence (RFC 6531 §3.3).
    static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"),
            UInt8(ascii: "~"), 0x80...0xFF:
            true
        default: false
        }
    }

    private static func isDomainText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), 0x80...0xFF:
            true
        default: false
        }
    }
}
