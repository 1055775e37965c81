import MailVocabulary

/// Text of a file as it may stand in a finding, which is one line and not a long one.
enum Printable {
    /// Characters of a value that are shown.
    static let maximumCharacters = 100

    /// A value: cut where it is long, and escaped.
    static func value(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(maximumCharacters)
        let isCut = shown.endIndex < text.unicodeScalars.endIndex
        return escaped(String(String.UnicodeScalarView(shown))) + (isCut ? "…" : "")
    }

    /// The same text with `\u{…}` for what would end the line, move the cursor, or be read in another order than it stands.
    static func escaped(_ text: String) -> String { EscapedText.line(text) }
}
