import MailVocabulary

/// What strangers say, as a line of the log may have it: without control characters, and bounded.
enum LoggedText {
    static let mostScalars = 250

    static func bounded(_ text: String) -> String {
        let safe = EscapedText.line(String(text.unicodeScalars.prefix(mostScalars)))
        return text.unicodeScalars.count > mostScalars ? "\(safe)…" : safe
    }
}
