/// Text that strangers had a part in, as it may stand on a terminal, in a log line, or in JSON that somebody looks at.
///
/// One rule for all of Postern: control characters (also C1, which terminals obey in UTF-8), the characters that change the direction of
/// what follows, line and paragraph separators, and those that nobody sees leave as escapes. Escaping is idempotent: nothing in an escape
/// is escaped again.
public enum EscapedText {
    /// Whether a character may not stand for itself: general categories Cc, Cf, Zl and Zp of Unicode.
    ///
    /// Zero-width joiner and non-joiner may: Persian and Indic words are written with them, and they move nothing.
    public static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7F, 0x200C, 0x200D: return false
        case 0..<0x20, 0x7F..<0xA0: return true
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: return true
            default: return false
            }
        }
    }

    /// Text that stays within its line, such as a cell of a table: `\n`, `\t`, `\u{1b}`, `\u{202e}`.
    public static func line(_ text: String) -> String { escaped(text, sparing: [], as: braced) }

    /// Text of several lines that Postern composed: its line ends and tabs stay.
    public static func lines(_ text: String) -> String { escaped(text, sparing: ["\n", "\t"], as: braced) }

    /// JSON that is complete: it means the same afterwards (RFC 8259 §7). The white space between its tokens stays; within its strings
    /// there is none but blanks.
    public static func json(_ text: String) -> String { escaped(text, sparing: ["\n", "\t", "\r"], as: hexadecimal) }

    /// `\n`, `\u{1b}`: as it is read by people.
    public static func braced(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{\(String(scalar.value, radix: 16))}"
        }
    }

    /// `\u001b`: four digits for each UTF-16 code unit, as JSON wants them; at most 12 octets.
    public static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
    }

    private static func escaped(
        _ text: String, sparing spared: Set<Unicode.Scalar>, as escape: (Unicode.Scalar) -> String
    ) -> String {
        func mustGo(_ scalar: Unicode.Scalar) -> Bool { isEscaped(scalar) && !spared.contains(scalar) }
        guard text.unicodeScalars.contains(where: mustGo) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if mustGo(scalar) { result.append(contentsOf: escape(scalar).unicodeScalars) } else { result.append(scalar) }
        }
        return String(result)
    }
}
