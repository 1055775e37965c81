import Explanation
import Foundation
import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// An explanation as it is shown: for a terminal, plain for a pipe, or as JSON.
enum ExplanationOutput {
    static func text(_ explanation: RouteExplanation) -> String {
        let text = EscapedText.lines(explanation.text(columns: columns))
        guard Environment.isTerminal(STDOUT_FILENO) else { return text }
        return coloured(text, EscapedText.lines(explanation.verdict), isGood: explanation.refusal == nil)
    }

    static func relayText(_ explanation: RouteExplanation) -> String {
        let text = EscapedText.lines(explanation.relayText(columns: columns))
        guard Environment.isTerminal(STDOUT_FILENO) else { return text }
        return coloured(text, EscapedText.lines(explanation.relayVerdict), isGood: explanation.mayRelay)
    }

    /// - Parameter verdict: the part of the text that says how it went; green or red from here on.
    static func coloured(_ text: String, _ verdict: String, isGood: Bool) -> String {
        guard let range = text.range(of: verdict) else { return text }
        return text.replacingCharacters(in: range, with: "\u{1B}[1;\(isGood ? 32 : 31)m\(verdict)\u{1B}[0m")
    }

    static func json(_ explanation: RouteExplanation) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(explanation), as: UTF8.self)
    }

    /// Of the terminal, 60 at least and 120 at most; 80 where there is none.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return min(max(Int(size.ws_col), 60), 120)
    }
}
