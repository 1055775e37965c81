/// Text for a manual page (man(7)): what roff would take for its own is escaped.
public enum Roff {
    /// - Parameter text: words between backquotes become bold; lines end as they do in the text.
    public static func text(_ text: some StringProtocol) -> String {
        String(text).split(separator: "\n", omittingEmptySubsequences: false).map(line).joined(separator: "\n")
    }

    /// A word as it must be typed: its hyphens are not broken at, and can be copied.
    public static func literal(_ text: some StringProtocol) -> String {
        escape(text).replacing("-", with: "\\-")
    }

    private static func line(_ line: Substring) -> String {
        var result = ""
        // An odd backquote is one.
        let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            if index % 2 == 1, index < pieces.count - 1 {
                result += "\\fB\(literal(piece))\\fR"
            } else {
                result += (index % 2 == 1 ? "`" : "") + escape(piece)
            }
        }
        // A dot or an apostrophe at the start makes a line a request (groff(7)).
        return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
    }

    private static func escape(_ text: some StringProtocol) -> String {
        String(text).replacing("\\", with: "\\e")
    }
}
