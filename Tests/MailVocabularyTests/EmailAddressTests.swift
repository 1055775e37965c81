import Testing

@testable import MailVocabulary

@Suite("Addresses")
struct EmailAddressTests {
    @Test(
        "what RFC 5321 and RFC 6531 call a mailbox is read, and written back as the wire wants it",
        arguments: [
            ("jdoe@example.org", "jdoe", "example.org"),
            ("Jones@XYZ.COM", "Jones", "xyz.com"),
            ("a.b+tag@sub.example.org.", "a.b+tag", "sub.example.org"),
            (#""Joe Bloggs"@example.org"#, "Joe Bloggs", "example.org"),
            (#""a\"b\\c"@example.org"#, #"a"b\c"#, "example.org"),
            ("user@[192.0.2.1]", "user", "[192.0.2.1]"),
            ("user@[IPv6:2001:db8::1]", "user", "[IPv6:2001:db8::1]"),
            ("jörg@bücher.example", "jörg", "xn--bcher-kva.example"),
            ("!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~", "example.org"),
        ])
    func valid(text: String, localPart: String, domain: String) throws {
        let address = try #require(EmailAddress(parsing: text))
        #expect(address.localPart == localPart)
        #expect("\(address.domain)" == domain)
        #expect(EmailAddress(parsing: "\(address)") == address, "what is written is read back")
    }

    @Test(
        "what is no mailbox is refused",
        arguments: [
            "", "@example.org", "user@", "user", "a..b@example.org", ".a@example.org", "a.@example.org", "a b@example.org",
            #""unclosed@example.org"#, #"""@example.org"#, "user@-example.org", "user@exa mple.org", "user@example..org",
            "user@[300.1.1.1]",
            "user@[IPv6:192.0.2.1]", "user@[2001:db8::1]", "user@example.org\r\n", "us\u{0}er@example.org", "user@exam_ple.org",
            String(repeating: "a", count: 250) + "@example.org",
        ])
    func invalid(text: String) { #expect(EmailAddress(parsing: text) == nil) }

    @Test("octets that are no UTF-8 are no address")
    func invalidUTF8() {
        var parser = AddressParser(bytes: [0xC3, 0x28, 0x40, 0x61])
        #expect(parser.mailbox() == nil)
    }

    @Test("a source route is read and dropped")
    func sourceRoute() {
        var parser = AddressParser(bytes: Array("<@one.example,@two.example:user@example.org> SIZE=1".utf8))
        #expect(parser.path()?.description == "user@example.org")
        #expect(!parser.isAtEnd)
    }

    @Test(
        "an address that needs quotes is written with them",
        arguments: [("a b", #""a b"@x.example"#), (".a", #"".a"@x.example"#), ("a\"b", #""a\"b"@x.example"#)])
    func quoting(localPart: String, wire: String) {
        #expect(EmailAddress(localPart: localPart, domain: .name(DomainName(parsing: "x.example")!))?.description == wire)
    }

    @Test("people's case does not matter to the directory's key, and does to equality")
    func lookupKey() {
        let (upper, lower) = (EmailAddress(parsing: "M.Alexander@Example.ORG")!, EmailAddress(parsing: "m.alexander@example.org")!)
        #expect(upper.lookupKey == lower.lookupKey)
        #expect(upper != lower)
    }

    @Test("random octets are never a crash, and what is accepted is written back the same", arguments: 0..<100)
    func random(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let alphabet = Array("ab.@\"\\[]<>:,IPv6192 é\u{7F}\t".utf8)
        for _ in 0..<200 {
            let bytes = (0..<next(24)).map { _ in alphabet[next(alphabet.count)] }
            var parser = AddressParser(bytes: bytes)
            if let address = parser.mailbox() { #expect(EmailAddress(parsing: "\(address)") == address) }
        }
    }
}
