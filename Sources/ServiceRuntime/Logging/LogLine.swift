import MailVocabulary

/// The bytes of one log line while it is put together: bounded, and never more than one line whatever is put into it.
///
/// Text goes in through ``append(escaping:as:)`` only: what `EscapedText` names leaves it as escapes, so that hostile text can neither forge a
/// second line nor hide one.
struct LogLine {
    /// How bytes that may not stand for themselves are written.
    enum Escape {
        /// RFC 8259 §7: `\n`, `\u001b`.
        case json
        /// `\n`, `\u{1b}`.
        case text
        /// The same without an escape before a quote: text that does not stand in quotes itself.
        case sentence
    }

    /// Octets of a line, its line end included.
    static let limit = 8 * 1024
    /// Octets kept free for what closes a line: quotes and brackets of at most ``maximumDepth`` levels, the mark of a cut, the line end.
    private static let reserve = 64
    /// Levels of nested metadata that are written.
    static let maximumDepth = 4

    private(set) var bytes: [UInt8]
    /// True as soon as something did not fit: from then on text is dropped and only closing punctuation goes in.
    private(set) var isCut = false

    init() {
        bytes = []
        bytes.reserveCapacity(512)
    }

    private var room: Int { Self.limit - Self.reserve - bytes.count }

    /// Appends punctuation and digits of the program's own: printable ASCII, a few octets.
    mutating func append(_ literal: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    /// Appends text that nobody vouches for. What does not fit is left out at the boundary of a character.
    mutating func append(escaping text: String, as escape: Escape) {
        var text = text
        text.withUTF8 { append(escaping: $0, as: escape) }
    }

    private mutating func append(escaping text: UnsafeBufferPointer<UInt8>, as escape: Escape) {
        var index = 0
        while index < text.count, !isCut {
            let start = index
            while index < text.count, Self.plain[Int(text[index])] { index += 1 }
            if index > start {
                append(run: text[start..<index])
                continue
            }
            let length = min(Self.sequenceLength(of: text[index]), text.count - index)
            append(character: text[index..<index + length], as: escape)
            index += length
        }
    }

    /// Appends bytes that stand for themselves, cut between characters where they do not fit.
    private mutating func append(run: Slice<UnsafeBufferPointer<UInt8>>) {
        guard run.count > room else { return bytes.append(contentsOf: run) }
        isCut = true
        var end = run.startIndex + max(0, room)
        while end > run.startIndex, run[end] & 0xC0 == 0x80 { end -= 1 }
        bytes.append(contentsOf: run[run.startIndex..<end])
    }

    /// Appends one character that needs a look: a quote, a backslash, a control character, or one that is not ASCII.
    private mutating func append(character: Slice<UnsafeBufferPointer<UInt8>>, as escape: Escape) {
        guard room >= 12 else {
            isCut = true
            return
        }
        let first = character[character.startIndex]
        switch first {
        case UInt8(ascii: "\""):
            if escape == .sentence { append(first) } else { append("\\\"") }
        case UInt8(ascii: "\\"): append("\\\\")
        case UInt8(ascii: "\n"): append("\\n")
        case UInt8(ascii: "\r"): append("\\r")
        case UInt8(ascii: "\t"): append("\\t")
        default:
            if let scalar = Self.scalar(of: character), EscapedText.isEscaped(scalar) {
                append(scalar: scalar, as: escape)
            } else {
                bytes.append(contentsOf: character)
            }
        }
    }

    private mutating func append(scalar: Unicode.Scalar, as escape: Escape) {
        let text = escape == .json ? EscapedText.hexadecimal(scalar) : EscapedText.braced(scalar)
        bytes.append(contentsOf: text.utf8)
    }
}

extension LogLine {
    /// Whether a byte stands for itself without a second look.
    private static let plain: [Bool] = (0...255).map { byte in
        byte >= 0x20 && byte != 0x22 && byte != 0x5C && byte < 0x7F
    }

    /// Of UTF-8; 1 for what is no lead byte.
    private static func sequenceLength(of lead: UInt8) -> Int {
        switch lead {
        case 0xC0...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xFF: 4
        default: 1
        }
    }

    /// The scalar of a whole sequence of UTF-8; nil where it is none.
    private static func scalar(of octets: Slice<UnsafeBufferPointer<UInt8>>) -> Unicode.Scalar? {
        guard let lead = octets.first else { return nil }
        // The lead byte's own bits: five, four or three of them.
        let first = octets.count == 1 ? lead : lead & (0xFF >> UInt8(octets.count + 1))
        return Unicode.Scalar(octets.dropFirst().reduce(UInt32(first)) { $0 << 6 | UInt32($1 & 0x3F) })
    }
}
