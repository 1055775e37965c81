import MailVocabulary
import NIOCore
import Testing

@testable import MessageFormat

@Suite("Trace fields")
struct TraceFieldTests {
    static let host = name("mail.example")
    static let ipv4 = IPAddress(ipv4: 0xC000_0201)

    static func name(_ text: String) -> DomainName {
        guard let name = DomainName(parsing: text) else { preconditionFailure("\(text) is a name") }
        return name
    }

    static func received(helo: String?, lookup: ReverseLookup, address: IPAddress? = ipv4) -> ReceivedField {
        ReceivedField(
            helo: helo, clientAddress: address, reverseLookup: lookup, host: host,
            transmission: TransmissionProtocol(isExtended: true), queueID: QueueID(value: 1_764_000_000_000_000),
            date: Timestamp(seconds: 1_795_489_620))
    }

    static func unfolded(_ text: String) -> String {
        text.split(separator: "\r\n").map { $0.drop { $0 == "\t" } }.joined(separator: " ")
    }

    @Test("a Received field in full")
    func receivedInFull() throws {
        var field = Self.received(helo: "client.example", lookup: .confirmed(Self.name("client.example")))
        field.recipient = EmailAddress(parsing: "bob@mail.example")
        #expect(
            field.text == """
                Received: from client.example (client.example [192.0.2.1])\r
                \t(reverse DNS matches the HELO name) by mail.example (Postern) with ESMTP id\r
                \t\(field.queueID) for <bob@mail.example>; Tue, 24 Nov 2026 03:07:00 +0000\r\n
                """)
    }

    @Test(
        "the Received field names the client by what reverse DNS confirmed, and says whether it matches",
        arguments: [
            (.confirmed(name("ptr.example")), "a.example (ptr.example [192.0.2.1]) (reverse DNS does not match the HELO name) by"),
            (.confirmed(name("a.example")), "a.example (a.example [192.0.2.1]) (reverse DNS matches the HELO name) by"),
            (
                .unconfirmed(name("ptr.example")),
                "a.example (unknown [192.0.2.1]) (reverse DNS is not confirmed and does not match the HELO name) by"
            ),
            (
                .unconfirmed(name("a.example")),
                "a.example (unknown [192.0.2.1]) (reverse DNS matches the HELO name but is not confirmed) by"
            ),
            (.noName, "a.example (unknown [192.0.2.1]) (no reverse DNS, nothing matches the HELO name) by"),
            (.temporaryError, "a.example (unknown [192.0.2.1]) (reverse DNS did not answer, HELO name not checked) by"),
            (.notAsked, "a.example ([192.0.2.1]) by"),
        ] as [(ReverseLookup, String)])
    func lookups(lookup: ReverseLookup, expected: String) {
        #expect(Self.unfolded(Self.received(helo: "A.Example", lookup: lookup).text).contains("from " + expected))
    }

    @Test(
        "whatever HELO says cannot leave its place",
        arguments: [
            ("x\r\nBcc: evil@example.com", "[192.0.2.1] ([192.0.2.1]) (HELO x??Bcc:?evil@example.com) by"),
            ("a) by evil (b", "[192.0.2.1] ([192.0.2.1]) (HELO a??by?evil??b) by"),
            ("a\\", "[192.0.2.1] ([192.0.2.1]) (HELO a?) by"),
            ("a;b", "[192.0.2.1] ([192.0.2.1]) (HELO a;b) by"),
            ("bücher.example", "xn--bcher-kva.example ([192.0.2.1]) by"),
            ("under_score.example", "under_score.example ([192.0.2.1]) by"),
            ("[198.51.100.7]", "[198.51.100.7] ([192.0.2.1]) by"),
            ("[IPv6:2001:db8:0::1]", "[IPv6:2001:db8::1] ([192.0.2.1]) by"),
            ("MÜLLER-PC", "xn--mller-pc-65a ([192.0.2.1]) by"),
            ("M\u{9A}LLER-PC", "[192.0.2.1] ([192.0.2.1]) (HELO M??LLER-PC) by"),
            ("my pc", "[192.0.2.1] ([192.0.2.1]) (HELO my?pc) by"),
            ("[nonsense]", "[192.0.2.1] ([192.0.2.1]) (HELO [nonsense]) by"),
            (String(repeating: "é", count: 400), "[192.0.2.1] ([192.0.2.1]) (HELO \(String(repeating: "?", count: 64))...) by"),
            ("", "[192.0.2.1] ([192.0.2.1]) (no HELO) by"),
        ])
    func hostileHELO(helo: String, expected: String) {
        #expect(Self.unfolded(Self.received(helo: helo, lookup: .notAsked).text).contains("from " + expected))
    }

    @Test("no input makes a trace field of more than one field, or a line over 998 octets", arguments: 0..<200 as Range<UInt64>)
    func noInjection(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let helo = String(
            decoding: (0..<Int.random(in: 0..<600, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }, as: UTF8.self)
        let results = AuthenticationResultsField(
            host: Self.host, clientAddress: Self.ipv4, reverseLookup: .unconfirmed(Self.host), helo: helo)
        for text in [Self.received(helo: helo, lookup: .confirmed(Self.host)).text, try #require(results).text] {
            let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            #expect(lines.last?.isEmpty == true)
            for (index, line) in lines.dropLast().enumerated() {
                #expect(line.last == UInt8(ascii: "\r") && line.dropLast().allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 })
                #expect(line.count <= 999 && (index == 0 || line.first == UInt8(ascii: "\t")))
            }
            #expect(text.filter { $0 == "(" }.count == text.filter { $0 == ")" }.count)
        }
    }

    @Test("IPv6 clients, hidden clients")
    func otherClients() throws {
        let ipv6 = try #require(IPAddress(parsing: "2001:db8::1"))
        let text = Self.unfolded(Self.received(helo: "a.example", lookup: .noName, address: ipv6).text)
        #expect(text.contains("from a.example (unknown [IPv6:2001:db8::1])"))
        let hidden = Self.received(helo: "pc7.example", lookup: .noName, address: nil).text
        #expect(Self.unfolded(hidden).contains("from pc7.example (client address hidden) by mail.example"))
        for helo in ["[192.0.2.1]", "[IPv6:2001:db8::1]", nil] {
            let hidden = Self.received(helo: helo, lookup: .noName, address: nil).text
            #expect(Self.unfolded(hidden).contains("from unknown (client address hidden) by mail.example"))
        }
    }

    @Test(
        "a Received field of a submission over TLS kind: what protected it is said once: the cipher is in the clause `tls` where IANA knows its name, otherwise in the comment"
    )
    func secured() {
        var field = Self.received(helo: "pc7.example", lookup: .notAsked, address: nil)
        field.transmission = TransmissionProtocol(isExtended: true, isSecure: true, isAuthenticated: true)
        field.secureChannel = SecureChannel(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256)
        field.recipient = EmailAddress(parsing: "bob@far.example")
        #expect(
            field.text == """
                Received: from pc7.example (client address hidden) by mail.example (Postern)\r
                \twith ESMTPSA (version=TLSv1.3 bits=256) id \(field.queueID) for <bob@far.example>\r
                \ttls TLS_AES_256_GCM_SHA384; Tue, 24 Nov 2026 03:07:00 +0000\r\n
                """)
        field.secureChannel = SecureChannel(version: "TLSv1.2", cipher: "ECDHE-RSA-AES128-GCM-SHA256", bits: 128)
        field.recipient = nil
        #expect(
            Self.unfolded(field.text).hasSuffix(
                "with ESMTPSA (version=TLSv1.2 cipher=ECDHE-RSA-AES128-GCM-SHA256 bits=128) id \(field.queueID); Tue, 24 Nov 2026 03:07:00 +0000"
            ))
    }

    @Test(
        "the with keyword follows RFC 3848 and RFC 6531",
        arguments: [
            (TransmissionProtocol(isExtended: false), "SMTP"), (TransmissionProtocol(isExtended: true), "ESMTP"),
            (TransmissionProtocol(isExtended: true, isSecure: true), "ESMTPS"),
            (TransmissionProtocol(isExtended: true, isAuthenticated: true), "ESMTPA"),
            (TransmissionProtocol(isExtended: true, isSecure: true, isAuthenticated: true), "ESMTPSA"),
            (TransmissionProtocol(isExtended: true, isUTF8: true), "UTF8SMTP"),
            (TransmissionProtocol(isExtended: true, isSecure: true, isAuthenticated: true, isUTF8: true), "UTF8SMTPSA"),
            (TransmissionProtocol(isExtended: false, isSecure: true), "ESMTPS"),
        ])
    func keywords(transmission: TransmissionProtocol, keyword: String) {
        #expect(transmission.keyword == keyword)
    }

    @Test("a UTF-8 recipient is named only in a UTF8SMTP field")
    func utf8Recipient() throws {
        var field = Self.received(helo: "a.example", lookup: .noName)
        field.recipient = EmailAddress(parsing: "jürgen@mail.example")
        #expect(!field.text.contains(" for "))
        field.transmission = TransmissionProtocol(isExtended: true, isUTF8: true)
        #expect(field.text.contains("for <jürgen@mail.example>;"))
    }

    @Test(
        "an Authentication-Results field with the iprev method",
        arguments: [
            (
                .confirmed(name("a.example")), "192.0.2.1",
                "iprev=pass policy.iprev=192.0.2.1 (a.example, reverse DNS matches the HELO name)"
            ),
            (
                .confirmed(name("b.example")), "192.0.2.1",
                "iprev=pass policy.iprev=192.0.2.1 (b.example, reverse DNS does not match the HELO name)"
            ),
            (
                .unconfirmed(name("b.example")), "192.0.2.1",
                "iprev=fail policy.iprev=192.0.2.1 (b.example, reverse DNS is not confirmed and does not match the HELO name)"
            ),
            (.noName, "2001:db8::1", "iprev=permerror policy.iprev=\"2001:db8::1\" (no reverse DNS, nothing matches the HELO name)"),
            (.temporaryError, "192.0.2.1", "iprev=temperror policy.iprev=192.0.2.1 (reverse DNS did not answer, HELO name not checked)"),
        ] as [(ReverseLookup, String, String)])
    func authenticationResults(lookup: ReverseLookup, address: String, expected: String) throws {
        let field = AuthenticationResultsField(
            host: Self.host, clientAddress: try #require(IPAddress(parsing: address)), reverseLookup: lookup, helo: "a.example")
        #expect(Self.unfolded(try #require(field).text) == "Authentication-Results: mail.example; " + expected)
    }

    @Test("where reverse DNS was not asked there is no Authentication-Results field")
    func nothingAsked() {
        #expect(AuthenticationResultsField(host: Self.host, clientAddress: Self.ipv4, reverseLookup: .notAsked, helo: nil) == nil)
    }

    @Test("our own Authentication-Results field is one that the filter removes")
    func ownFieldIsRecognised() throws {
        let field = AuthenticationResultsField(host: Self.host, clientAddress: Self.ipv4, reverseLookup: .noName, helo: "x")
        let result = try IncomingHeaderFilterTests.filter(try #require(field).text + "\r\n")
        #expect(result.text == "\r\n")
    }

    @Test("Return-Path, with an address and null")
    func returnPath() throws {
        #expect(ReturnPathField(.null).text == "Return-Path: <>\r\n")
        let address = try #require(EmailAddress(parsing: "\"a b\"@x.example"))
        #expect(ReturnPathField(.address(address)).text == "Return-Path: <\"a b\"@x.example>\r\n")
    }

    @Test("fields are appended to what a buffer holds already")
    func appending() {
        var buffer = ByteBuffer(string: "X: y\r\n")
        Self.received(helo: "a.example", lookup: .noName).write(into: &buffer)
        #expect(String(buffer: buffer).hasPrefix("X: y\r\nReceived: from a.example"))
    }

    @Test(
        "dates follow RFC 5322",
        arguments: [
            (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_709_164_800, 0, "Thu, 29 Feb 2024 00:00:00 +0000"), (4_107_542_399, 0, "Sun, 28 Feb 2100 23:59:59 +0000"),
            (1_795_489_620, 60, "Tue, 24 Nov 2026 04:07:00 +0100"), (1_795_489_620, -210, "Mon, 23 Nov 2026 23:37:00 -0330"),
            (-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"), (253_402_300_799, 0, "Fri, 31 Dec 9999 23:59:59 +0000"),
        ] as [(Int64, Int, String)])
    func dates(seconds: Int64, zone: Int, expected: String) {
        #expect(Timestamp(seconds: seconds).mailDate(zoneOffset: zone) == expected)
    }

    @Test("a time before 1970 with a fraction belongs to the second that it is in")
    func fraction() {
        #expect(Timestamp(microseconds: -1).mailDate() == "Wed, 31 Dec 1969 23:59:59 +0000")
    }
}
