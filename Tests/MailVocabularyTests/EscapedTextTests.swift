import Foundation
import Testing

@testable import MailVocabulary

@Suite("Text for a terminal")
struct EscapedTextTests {
    static let hidden =
        EmailAddressTests.hidden + ["\u{0}", "\u{7}", "\u{8}", "\u{B}", "\u{C}", "\u{E}", "\u{1B}", "\u{1F}", "\u{7F}"] as [Unicode.Scalar]

    @Test("control characters, marks of direction, separators and what nobody sees become escapes", arguments: hidden)
    func escapes(scalar: Unicode.Scalar) throws {
        let (text, digits) = ("a\(scalar)b", String(scalar.value, radix: 16))
        #expect(EscapedText.line(text) == "a\\u{\(digits)}b")
        #expect(EscapedText.lines(text) == "a\\u{\(digits)}b")
        let json = EscapedText.json("[\"\(text)\"]")
        #expect(json.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(try JSONDecoder().decode([String].self, from: Data(json.utf8)) == [text])
    }

    @Test("line ends and tabs stay where the text is of several lines, and are letters within one")
    func lineEnds() {
        #expect(EscapedText.line("a\tb\r\nc") == "a\\tb\\r\\nc")
        #expect(EscapedText.lines("a\tb\r\nc\n") == "a\tb\\r\nc\n")
        #expect(EscapedText.json("{\n\t\"a\": 1\r\n}") == "{\n\t\"a\": 1\r\n}")
    }

    @Test(
        "everything else stays as it is",
        arguments: ["", "plain \\ \"quoted\"", "jörg", "日本語", "می\u{200C}خواهم", "😀", "👨\u{200D}👩", "e\u{301}", "\u{A0}…", "العربية"])
    func plain(text: String) {
        for escaped in [EscapedText.line(text), EscapedText.lines(text), EscapedText.json(text)] {
            #expect(escaped.utf8.elementsEqual(text.utf8))
        }
    }

    @Test("what is escaped twice is escaped once", arguments: hidden)
    func idempotent(scalar: Unicode.Scalar) {
        let text = "\(scalar)\\\n\u{1B}[31m\(scalar)"
        #expect(EscapedText.line(EscapedText.line(text)) == EscapedText.line(text))
        #expect(EscapedText.lines(EscapedText.line(text)) == EscapedText.line(text))
        #expect(EscapedText.lines(EscapedText.lines(text)) == EscapedText.lines(text))
        #expect(EscapedText.json(EscapedText.json(text)) == EscapedText.json(text))
    }
}
