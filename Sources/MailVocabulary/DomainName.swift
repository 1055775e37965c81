import CIDN2

/// A DNS domain name in canonical form: lower case, A-labels (RFC 5890), no trailing dot.
///
/// At most 253 octets, labels of 1 to 63 letters, digits and hyphens that neither begin nor end with a hyphen
/// (RFC 5321 §4.1.2 `Domain`, RFC 1035 §2.3.4); underscores besides where an address or a record of the DNS has them. Two names are equal if and only if they name the same domain.
public struct DomainName: Hashable, Sendable {
    /// The canonical text, ASCII only.
    public let text: String

    private init(canonical text: String) { self.text = text }

    /// Reads a name as a person or a mail program writes it: any case, U-labels (converted by IDNA2008), one trailing dot.
    ///
    /// - Parameter text: the name in UTF-8.
    /// - Returns: nil if it is not a domain name. What IDNA would drop unseen, such as a soft hyphen, makes it none.
    public init?(parsing text: some StringProtocol) { self.init(text, allowingUnderscores: false) }

    /// Reads the domain of a mail address: as ``init(parsing:)``, and underscores are taken. The grammar has none (RFC 5321 §4.1.2), but
    /// the DNS does not mind (RFC 2181 §11), and there are addresses in use with such domains.
    public init?(inAddress text: some StringProtocol) { self.init(text, allowingUnderscores: true) }

    private init?(_ text: some StringProtocol, allowingUnderscores: Bool) {
        if let canonical = Self.canonicalASCII(text.utf8, allowingUnderscores: allowingUnderscores) {
            self.init(canonical: canonical)
        } else if text.utf8.contains(where: { $0 >= 0x80 }), !text.unicodeScalars.contains(where: EscapedText.isEscaped),
            let ascii = Self.toALabels(String(text)),
            let canonical = Self.canonicalASCII(ascii.utf8, allowingUnderscores: allowingUnderscores)
        {
            self.init(canonical: canonical)
        } else {
            return nil
        }
    }

    /// Reads a name as a record of the DNS says it: as ``init(parsing:)``, and underscores are taken, since people call mail exchangers
    /// so and the DNS does not mind (RFC 2181 §11). What is not ASCII makes it none: records have A-labels.
    ///
    /// - Parameter text: ASCII.
    public init?(inRecord text: some StringProtocol) {
        guard let canonical = Self.canonicalASCII(text.utf8, allowingUnderscores: true) else { return nil }
        self.init(canonical: canonical)
    }

    /// The labels, leftmost first.
    public var labels: [Substring] { text.split(separator: ".") }

    /// Whether this name is `other` or lies below it.
    public func isEqualToOrBelow(_ other: DomainName) -> Bool { self == other || isBelow(other) }

    /// Whether this name lies strictly below `other`: `a.b.example` below `b.example`.
    public func isBelow(_ other: DomainName) -> Bool {
        let own = text.utf8
        let parent = other.text.utf8
        guard own.count > parent.count + 1, own.suffix(parent.count).elementsEqual(parent) else { return false }
        return own.dropLast(parent.count).last == UInt8(ascii: ".")
    }

    /// The name one label shorter: `b.example` of `a.b.example`; nil for a single label.
    public var parent: DomainName? {
        guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return DomainName(canonical: String(text[text.utf8.index(after: dot)...]))
    }

    private static func canonicalASCII(_ bytes: some Collection<UInt8>, allowingUnderscores: Bool = false) -> String? {
        var canonical: [UInt8] = []
        canonical.reserveCapacity(bytes.count)
        var labelLength = 0
        var previous: UInt8 = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                canonical.append(byte)
                labelLength += 1
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                canonical.append(byte | 0x20)
                labelLength += 1
            case UInt8(ascii: "_") where allowingUnderscores:
                canonical.append(byte)
                labelLength += 1
            case UInt8(ascii: "-") where labelLength > 0:
                canonical.append(byte)
                labelLength += 1
            case UInt8(ascii: ".") where labelLength > 0 && previous != UInt8(ascii: "-"):
                canonical.append(byte)
                labelLength = 0
            default:
                return nil
            }
            if labelLength > 63 { return nil }
            previous = byte
        }
        if canonical.last == UInt8(ascii: ".") { canonical.removeLast() }
        guard !canonical.isEmpty, canonical.count <= 253, canonical.last != UInt8(ascii: "-") else { return nil }
        return String(decoding: canonical, as: UTF8.self)
    }

    private static func toALabels(_ text: String) -> String? {
        var output: UnsafeMutablePointer<CChar>?
        // IDNA2008 with the non-transitional mapping of UTS 46, as browsers and resolvers use it.
        let flags = Int32(IDN2_NFC_INPUT.rawValue) | Int32(IDN2_NONTRANSITIONAL.rawValue)
        guard idn2_to_ascii_8z(text, &output, flags) == Int32(IDN2_OK.rawValue), let output else { return nil }
        defer { idn2_free(output) }
        return String(cString: output)
    }
}

extension DomainName: CustomStringConvertible {
    public var description: String { text }
}

extension DomainName: Comparable {
    public static func < (left: DomainName, right: DomainName) -> Bool { left.text < right.text }
}
