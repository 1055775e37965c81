import MailVocabulary
import Testing

@testable import NameResolution

struct RecordDataTests {
    @Test(
        "a name in wire format is a host name, the root, or no host name",
        arguments: [
            (wire("mail.example"), "mail.example"),
            (wire("MAIL.Example"), "mail.example"),
            (wire("xn--bcher-kva.example"), "xn--bcher-kva.example"),
            ([0], "."),
            (wire("_25._tcp.example"), "-"),
            (wire("a b.example"), "-"),
            (wire("-a.example"), "-"),
            (wire("bücher.example"), "-"),
            ([3, 0x61, 0x2E, 0x62, 0], "-"),
            ([2, 0x61, 0x00, 0], "-"),
        ] as [([UInt8], String)])
    func names(_ bytes: [UInt8], _ expected: String) throws {
        switch try #require(RecordData.name(bytes)) {
        case .root: #expect(expected == ".")
        case .notAHostName: #expect(expected == "-")
        case .host(let name): #expect(name.text == expected)
        }
    }

    @Test(
        "bytes that are no complete, uncompressed name are refused",
        arguments: [
            [], [4], [4, 0x6D, 0x61], Array(wire("mail.example").dropLast()), wire("mail.example") + [0], [0, 0], [0xC0, 0x0C],
            [1, 0x61, 0xC0, 0x00], [0x40, 0x61, 0], [UInt8](repeating: 0x80, count: 300),
            (0..<5).flatMap { _ in [63] + [UInt8](repeating: 0x61, count: 63) } + [0],
        ] as [[UInt8]])
    func malformedNames(_ bytes: [UInt8]) {
        #expect(RecordData.name(bytes) == nil)
    }

    @Test("the longest name, 255 octets, is read, and one octet more is not")
    func longestName() throws {
        let label = [UInt8(63)] + [UInt8](repeating: 0x61, count: 63)
        let longest = label + label + label + [61] + [UInt8](repeating: 0x62, count: 61) + [0]
        #expect(longest.count == 255)
        guard case .host(let name) = RecordData.name(longest) else { throw NotATestValue() }
        #expect(name.text.utf8.count == 253)
        #expect(RecordData.name(label + label + label + [62] + [UInt8](repeating: 0x62, count: 62) + [0]) == nil)
    }

    @Test("an MX record has two octets of preference and one name")
    func mailExchangers() throws {
        let record = try #require(RecordData.mailExchanger(mx(258, "mail.example")))
        #expect(record.preference == 258)
        #expect(record.exchange == .host(try domain("mail.example")))
        guard case .host(let name) = RecordData.mailExchanger(mx(10, "_Mail_1.example"))?.exchange else { throw NotATestValue() }
        #expect(name.text == "_mail_1.example")
        #expect(RecordData.mailExchanger(mx(10, "a b_.example"))?.exchange == .notAHostName)
        for rdata in [[], [0], [0, 10], [0, 10, 4], [0, 10, 0xC0, 0], mx(10, "mail.example") + [1]] as [[UInt8]] {
            #expect(RecordData.mailExchanger(rdata) == nil)
        }
    }

    @Test("an address record has exactly the octets of its family, and no IPv4 address comes from AAAA")
    func addresses() throws {
        #expect(RecordData.address([192, 0, 2, 1], family: .ipv4) == (try address("192.0.2.1")))
        #expect(RecordData.address([UInt8](repeating: 1, count: 16), family: .ipv6) != nil)
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1]
        #expect(RecordData.address(mapped, family: .ipv6) == nil)
        for count in [0, 3, 5, 15, 17] {
            #expect(RecordData.address([UInt8](repeating: 1, count: count), family: .ipv4) == nil)
            #expect(RecordData.address([UInt8](repeating: 1, count: count), family: .ipv6) == nil)
        }
    }

    @Test("no bytes make the readers fail, and what they read is in bounds", arguments: [1, 2, 3, 4] as [UInt64])
    func anyBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if Bool.random(using: &generator) {
                bytes = mx(UInt16.random(in: 0...UInt16.max, using: &generator), "a.mail-1.example")
                for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...70, using: &generator) }
            }
            if case .host(let name) = RecordData.mailExchanger(bytes)?.exchange { #expect(name.text.utf8.count <= 253) }
            _ = RecordData.name(bytes)
            _ = RecordData.address(bytes, family: .ipv4)
        }
    }

    @Test(
        "the reverse name of an address",
        arguments: [
            ("192.0.2.1", "1.2.0.192.in-addr.arpa"),
            ("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
            ("::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"),
        ])
    func reverseNames(_ text: String, _ expected: String) throws {
        #expect(try address(text).reverseName == expected)
    }

    @Test(
        "addresses that lead nowhere or back to this machine are no destinations",
        arguments: [
            ("0.0.0.0", false), ("0.1.2.3", false), ("224.0.0.1", false), ("255.255.255.255", false), ("::", false), ("ff02::1", false),
            ("192.0.2.1", true), ("127.0.0.1", true), ("::1", true), ("2001:db8::1", true), ("fe80::1", true),
        ])
    func usableDestinations(_ text: String, _ expected: Bool) throws {
        #expect(try address(text).isUsableAsDestination == expected)
    }
}
