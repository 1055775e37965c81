/// Where an address points: a domain, or a host by its address (RFC 5321 §4.1.3).
public enum MailDomain: Hashable, Sendable {
    case name(DomainName)
    case literal(IPAddress)

    /// The domain name, or nil for an address literal.
    public var name: DomainName? {
        if case .name(let name) = self { name } else { nil }
    }
}

extension MailDomain: CustomStringConvertible {
    public var description: String {
        switch self {
        case .name(let name): name.text
        case .literal(let address): address.literal
        }
    }
}

/// A mailbox address, `Local-part@Domain` (RFC 5321 §4.1.2, RFC 6531 §3.3).
///
/// The local part is its meaning, without quotes and escapes: `"a b"@x.example` and `a\ b` differ only on the wire.
/// Equality is exact in the local part, as RFC 5321 §2.4 wants it; a directory compares by `lookupKey`.
public struct EmailAddress: Hashable, Sendable {
    /// UTF-8 without control characters and without others that ``EscapedText`` escapes, one octet or more. RFC 5321 §4.5.3.1.1 asks for 64 octets; longer ones exist (VERP),
    /// so only the whole path is bounded.
    public let localPart: String
    public let domain: MailDomain

    /// At most 254 octets between the angle brackets (RFC 5321 §4.5.3.1.3 less the brackets).
    public static let maximumOctets = 254

    /// - Returns: nil where the parts do not make an address: an empty local part, too long, or in it a control character, a mark of direction,
    ///   or another character that nobody sees: RFC 6531 §3.3 lets them pass, and nobody could tell such an address from another.
    public init?(localPart: String, domain: MailDomain) {
        guard !localPart.unicodeScalars.contains(where: EscapedText.isEscaped) else { return nil }
        self.init(recordedLocalPart: localPart, domain: domain)
    }

    /// An address that was taken before, such as one of the queue: a rule that came later must not lose its mail. Only ASCII's control
    /// characters are refused, as ever.
    public init?(recordedLocalPart localPart: String, domain: MailDomain) {
        guard !localPart.isEmpty, !localPart.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        (self.localPart, self.domain) = (localPart, domain)
        guard description.utf8.count <= Self.maximumOctets else { return nil }
    }

    /// Reads `local@domain`, as a person or the wire writes it, without angle brackets; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        var parser = AddressParser(bytes: Array(text.utf8))
        guard let address = parser.mailbox(), parser.isAtEnd else { return nil }
        self = address
    }

    /// The same for what was written by Postern itself: see ``init(recordedLocalPart:domain:)``.
    public init?(recorded text: some StringProtocol) {
        var parser = AddressParser(bytes: Array(text.utf8), isRecorded: true)
        guard let address = parser.mailbox(), parser.isAtEnd else { return nil }
        self = address
    }

    /// The same for the same mailbox as people see it: lower case throughout, and composed (``comparableName``).
    public var lookupKey: String { "\(localPart.comparableName)@\(domain)" }

    /// Whether SMTPUTF8 (RFC 6531) is needed to say this address.
    public var needsSMTPUTF8: Bool { localPart.utf8.contains { $0 >= 0x80 } }
}

extension EmailAddress: CustomStringConvertible {
    /// As it is written on the wire, quoted where it must be.
    public var description: String { "\(wireLocalPart)@\(domain)" }

    private var wireLocalPart: String {
        var previousWasDot = true
        var isDotString = true
        for byte in localPart.utf8 {
            if byte == UInt8(ascii: ".") {
                if previousWasDot { isDotString = false }
                previousWasDot = true
            } else {
                if !AddressParser.isAtomText(byte) { isDotString = false }
                previousWasDot = false
            }
        }
        if isDotString, !previousWasDot { return localPart }
        var quoted = "\""
        for character in localPart.unicodeScalars {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}
