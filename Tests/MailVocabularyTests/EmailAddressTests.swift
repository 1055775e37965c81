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
            "", "@example.org", "user@", "user", "a b@example.org",
            #""unclosed@example.org"#, #"""@example.org"#, "user@-example.org", "user@exa mple.org", "user@example..org",
            "user@[300.1.1.1]",
            "user@[IPv6:192.0.2.1]", "user@[2001:db8::1]", "user@example.org\r\n", "us\u{0}er@example.org",
            String(repeating: "a", count: 250) + "@example.org",
        ])
    func invalid(text: String) { #expect(EmailAddress(parsing: text) == nil) }

    @Test(
        "addresses in use that the grammar does not have are taken: dots where none should be, underscores in domains",
        arguments: [
            ("name.@carrier.example", "name.", "carrier.example", "\"name.\"@carrier.example"),
            ("a..b@carrier.example", "a..b", "carrier.example", "\"a..b\"@carrier.example"),
            (".a@carrier.example", ".a", "carrier.example", "\".a\"@carrier.example"),
            ("..@carrier.example", "..", "carrier.example", "\"..\"@carrier.example"),
            ("user@exam_ple.Example", "user", "exam_ple.example", "user@exam_ple.example"),
            ("user@_x.example", "user", "_x.example", "user@_x.example"),
            ("user@bü_cher.example", "user", "xn--b_cher-3ya.example", "user@xn--b_cher-3ya.example"),
        ])
    func inUse(text: String, localPart: String, domain: String, written: String) throws {
        var parser = AddressParser(bytes: Array("<\(text)>".utf8))
        let path = parser.path()
        let address = try #require(path)
        #expect(address == EmailAddress(parsing: text))
        #expect(address.localPart == localPart && "\(address.domain)" == domain)
        #expect("\(address)" == written, "on the wire it has the grammar's own form")
        #expect(EmailAddress(parsing: written) == address)
    }

    /// C1 controls, line and paragraph separators, marks of direction, and what nobody sees.
    static let hidden: [Unicode.Scalar] = [
        "\u{80}", "\u{85}", "\u{9B}", "\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}", "\u{202B}",
        "\u{202C}",
        "\u{202D}", "\u{202E}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}", "\u{AD}", "\u{200B}", "\u{2060}", "\u{FEFF}", "\u{E0041}",
    ]

    @Test("control characters above ASCII, marks of direction and what nobody sees are in no address, quoted or not", arguments: hidden)
    func hiddenCharacters(scalar: Unicode.Scalar) throws {
        for text in [
            "a\(scalar)b@x.example", "\(scalar)a@x.example", "\"a \(scalar)\"@x.example", "a@x\(scalar).example", "a@\(scalar)x.example",
            "a@bü\(scalar)cher.example", "a@x.example\(scalar)",
        ] {
            #expect(EmailAddress(parsing: text) == nil, "\(text.unicodeScalars.map(\.value))")
            var parser = AddressParser(bytes: Array("<\(text)>".utf8))
            #expect(parser.path() == nil)
        }
        let domain = MailDomain.name(try #require(DomainName(parsing: "x.example")))
        #expect(EmailAddress(localPart: "a\(scalar)b", domain: domain) == nil)
        #expect(DomainName(parsing: "bü\(scalar)cher.example") == nil)
    }

    @Test("what the queue took before the rule is still read from it, and written back the same", arguments: hidden)
    func recorded(scalar: Unicode.Scalar) throws {
        for text in ["a\(scalar)b@x.example", "\"a \(scalar)\"@x.example"] {
            let address = try #require(EmailAddress(recorded: text))
            #expect("\(address)".utf8.elementsEqual(text.utf8))
            #expect(EmailAddress(recordedLocalPart: address.localPart, domain: address.domain) == address)
        }
        for text in ["a\u{7F}@x.example", "a\t@x.example", "a", "\(scalar)@", "@x.example"] { #expect(EmailAddress(recorded: text) == nil) }
    }

    @Test(
        "letters of every script, and the joiners that some are written with, are taken",
        arguments: ["می\u{200C}خواهم", "क्\u{200D}ष", "jörg", "日本", "😀"])
    func scripts(localPart: String) { #expect(EmailAddress(parsing: "\(localPart)@x.example")?.localPart == localPart) }

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
