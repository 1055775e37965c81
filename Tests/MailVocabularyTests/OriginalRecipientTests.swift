import Testing

@testable import MailVocabulary

@Suite("ORCPT")
struct OriginalRecipientTests {
    @Test(
        "an address becomes a parameter, and the parameter the address",
        arguments: [
            ("user@x.example", "rfc822;user@x.example"), ("user+tag@x.example", "rfc822;user+2Btag@x.example"),
            ("a=b@x.example", "rfc822;a+3Db@x.example"), ("\"a b\"@x.example", "rfc822;\"a+20b\"@x.example"),
            ("jürgen@x.example", "utf-8;j\\x{FC}rgen@x.example"), ("jö+1@[192.0.2.1]", "utf-8;j\\x{F6}\\x{2B}1@[192.0.2.1]"),
            ("\"ü \\\\\"@x.example", "utf-8;\"\\x{FC}\\x{20}\\x{5C}\\x{5C}\"@x.example"),
        ])
    func roundTrip(address: String, parameter: String) throws {
        let address = try #require(EmailAddress(parsing: address))
        #expect(OriginalRecipient(address).parameter == parameter)
        #expect(OriginalRecipient(parameter: parameter)?.emailAddress == address)
        #expect(parameter.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }

    @Test("a parameter of an older queue, whose characters beyond ASCII stand for themselves, is read")
    func unitext() {
        #expect(OriginalRecipient(parameter: "UTF-8;jürgen@x.example")?.emailAddress == EmailAddress(parsing: "jürgen@x.example"))
    }

    @Test("an address of another mail system is no mail address")
    func otherSystems() {
        #expect(OriginalRecipient(parameter: "x400;user@x.example")?.emailAddress == nil)
        #expect(OriginalRecipient(parameter: "x400;c=de")?.type == "x400")
    }

    @Test(
        "what is no parameter is refused",
        arguments: [
            "", "user@x.example", ";user@x.example", "rfc 822;user@x.example", "rfc822;a+2", "rfc822;a+GG", "rfc822;+FF", "utf-8;\\x{}",
            "utf-8;\\x{D800}", "utf-8;\\x{110000}", "utf-8;\\x{+41}", "utf-8;\\x41", "utf-8;\\", "utf-8;\\x{0000041}",
        ])
    func refused(text: String) { #expect(OriginalRecipient(parameter: text) == nil) }

    @Test("xtext", arguments: [("a+2Bb", "a+b"), ("plain", "plain"), ("+4", nil), ("+ZZ", nil), ("+FF", nil)] as [(String, String?)])
    func xtext(text: String, expected: String?) {
        #expect(Xtext.decode(text) == expected)
        if let expected { #expect(Xtext.encode(expected) == text) }
    }
}
