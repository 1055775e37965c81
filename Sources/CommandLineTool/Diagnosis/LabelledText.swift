import Foundation
import MailVocabulary

/// A row of a form: a label, and text that goes on below itself where a line is full.
struct LabelledText {
    static let columns = 80

    let label: String
    let words: String
    let colour: Paint.Colour
    /// Columns before the text.
    let indent: Int

    init(label: String, _ words: String, colour: Paint.Colour = .plain, indent: Int = 10) {
        // Servers and the DNS say some of them.
        (self.label, self.words, self.colour, self.indent) = (label, EscapedText.line(words), colour, indent)
    }

    func text(_ paint: Paint) -> String {
        WrappedText.lines(words, width: Self.columns - indent).enumerated().map { index, line in
            (index == 0 ? label : "").padding(toLength: indent, withPad: " ", startingAt: 0) + paint(line, colour)
        }.joined(separator: "\n")
    }
}
