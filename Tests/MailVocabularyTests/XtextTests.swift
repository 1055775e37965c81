import MailVocabulary
import Testing

@Suite("xtext (RFC 3461 §4)")
struct XtextTests {
    @Test(
        "is well-formed to the letter, and says nothing but what can be shown",
        arguments: [
            ("", true), ("abc@x.example", true), ("a+2Bb", true), ("a+3Db+20c", true), ("+C3+A9", true), ("a+2bb", false), ("a=b", false),
            ("a+", false), ("a+2", false), ("a+GG", false), ("a b", false), ("é", false), ("+0A", false), ("+00", false), ("+7F", false),
            ("a\t", false),
        ])
    func wellFormed(text: String, expected: Bool) {
        #expect(Xtext.isWellFormed(text.utf8) == expected)
        if expected { #expect(Xtext.decode(text) != nil) }
    }

    @Test("what is encoded is well-formed", arguments: ["a b+c=d", "é ü", "<a@b>"])
    func encoded(text: String) {
        #expect(Xtext.isWellFormed(Xtext.encode(text).utf8))
        #expect(Xtext.decode(Xtext.encode(text)) == text)
    }
}
