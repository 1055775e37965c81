import Glibc
import MailVocabulary

/// Colour for those who look at a terminal; a pipe gets none, nor does a terminal whose user asks for none (no-color.org).
struct Paint: Sendable {
    enum Colour: Int, Sendable {
        case plain = 0
        case bad = 31
        case good = 32
        case doubtful = 33
    }

    let isOn: Bool

    static func ofStandardOutput() -> Paint {
        Paint(
            isOn: Environment.isTerminal(STDOUT_FILENO) && Environment.variable("NO_COLOR") == nil && Environment.variable("TERM") != "dumb"
        )
    }

    func callAsFunction(_ text: String, _ colour: Colour) -> String {
        isOn && colour != .plain ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// As `EscapedText.lines`, and sequences that set colours and weights (`ESC [ … m`) stay.
    static func escaped(_ text: String) -> String {
        let pieces = text.unicodeScalars.split(separator: "\u{1B}", omittingEmptySubsequences: false)
        return pieces.enumerated().map { index, piece in
            if index == 0 { return EscapedText.lines(String(piece)) }
            let parameters = piece.dropFirst().prefix { ("0"..."9").contains($0) || $0 == ";" }
            let rest = piece.dropFirst(1 + parameters.count)
            guard piece.first == "[", rest.first == "m" else { return EscapedText.lines("\u{1B}" + String(piece)) }
            return "\u{1B}[" + String(parameters) + "m" + EscapedText.lines(String(rest.dropFirst()))
        }.joined()
    }
}
