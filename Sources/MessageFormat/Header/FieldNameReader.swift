/// Reads the name of a header field octet by octet, up to its colon (RFC 5322 §3.6.8).
///
/// Blanks before the colon are obsolete (§4.5.8) and hide nothing. A fold before the colon, a control character, or an octet above 126 in
/// the name makes the line no field, as it does for most readers.
struct FieldNameReader: Sendable {
    /// How many octets of a line are looked at in search of a colon (§2.1.1).
    static let maximumOctets = 998
    /// Of the longest name that anybody asks for.
    private static let keptOctets = 32

    enum Outcome: Hashable, Sendable {
        /// The name goes on.
        case more
        /// The colon: the line begins a field.
        case field
        /// The line is no field.
        case noField
    }

    /// What was read, the colon and the blanks before it included.
    private(set) var octets = 0
    /// In lower case, cut behind the length of what is asked for.
    private var name: [UInt8] = []
    private var hasBlanks = false

    mutating func read(_ octet: UInt8) -> Outcome {
        octets += 1
        switch octet {
        case UInt8(ascii: ":"): return name.isEmpty ? .noField : .field
        case _ where octets > Self.maximumOctets: return .noField
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            if name.isEmpty { return .noField }
            hasBlanks = true
        // ftext of §3.6.8.
        case 0x21...0x7E where !hasBlanks:
            if name.count < Self.keptOctets { name.append((0x41...0x5A).contains(octet) ? octet | 0x20 : octet) }
        default: return .noField
        }
        return .more
    }

    /// - Parameter other: in lower case, shorter than 32 octets.
    func isNamed(_ other: StaticString) -> Bool {
        name.elementsEqual(UnsafeBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
    }

    /// Whether the line begins as the separator of an `mbox` file does: `From `, perhaps quoted by `>` (RFC 4155).
    var isMailboxSeparator: Bool { hasBlanks && name.drop { $0 == UInt8(ascii: ">") }.elementsEqual("from".utf8) }
}
