import Testing

@testable import MailVocabulary

@Suite("Values")
struct ValueTests {
    @Test(
        "domain names are compared in one form",
        arguments: [("Example.ORG.", "example.org"), ("BÜCHER.example", "xn--bcher-kva.example"), ("a", "a")])
    func domainNames(text: String, canonical: String) { #expect(DomainName(parsing: text)?.text == canonical) }

    @Test(
        "what is no domain name is refused",
        arguments: [
            "", ".", "a..b", ".a", "-a", "a-", "a-.b", "a.-b", "a b", "a_b", String(repeating: "a", count: 64),
            String(repeating: "a.", count: 127) + "a",
        ])
    func noDomainNames(text: String) { #expect(DomainName(parsing: text) == nil) }

    @Test("a name of a DNS record and the domain of an address may have underscores, the name of a host may not")
    func underscores() {
        #expect(DomainName(inRecord: "_Mail_1.Example.")?.text == "_mail_1.example")
        #expect(DomainName(inRecord: "a b.example") == nil && DomainName(inRecord: "-a.example") == nil)
        #expect(DomainName(inAddress: "Mail_1.Example.")?.text == "mail_1.example")
        #expect(DomainName(inAddress: "a b.example") == nil && DomainName(inAddress: "a-.example") == nil)
        #expect(DomainName(parsing: "mail_1.example") == nil)
    }

    @Test("a name lies below another only at a dot")
    func below() {
        let parent = DomainName(parsing: "fabrikam.example")!
        #expect(DomainName(parsing: "a.fabrikam.example")!.isBelow(parent))
        #expect(!DomainName(parsing: "xfabrikam.example")!.isBelow(parent))
        #expect(!parent.isBelow(parent))
        #expect(parent.isEqualToOrBelow(parent))
    }

    @Test("an IPv4-mapped address is the IPv4 address")
    func mapped() {
        #expect(IPAddress(parsing: "::ffff:192.0.2.1") == IPAddress(parsing: "192.0.2.1"))
        #expect(IPAddress(parsing: "::ffff:192.0.2.1")?.literal == "[192.0.2.1]")
    }

    @Test(
        "subnets hold what they should",
        arguments: [
            ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false), ("0.0.0.0/0", "203.0.113.9", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::/65", "2001:db8::1", true),
            ("192.0.2.1", "192.0.2.1", true), ("0.0.0.0/0", "::1", false), ("::/0", "::1", true),
        ])
    func subnets(subnet: String, address: String, isInside: Bool) throws {
        let subnet = try #require(Subnet(parsing: subnet))
        #expect(subnet.contains(try #require(IPAddress(parsing: address))) == isInside)
    }

    @Test(
        "a subnet with bits beyond its prefix is a slip, and refused",
        arguments: ["192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "x/8"])
    func noSubnets(text: String) { #expect(Subnet(parsing: text) == nil) }

    @Test("sizes are read and written", arguments: [("512B", 512), ("64KiB", 65_536), ("10MiB", 10_485_760), ("1GiB", 1_073_741_824)])
    func sizes(text: String, bytes: Int) {
        #expect(ByteCount(parsing: text)?.bytes == bytes)
        #expect("\(ByteCount(bytes))" == text)
    }

    @Test("what is no size is refused", arguments: ["", "10", "MiB", "-1MiB", "1.5MiB", "10mib", "99999999999999GiB"])
    func noSizes(text: String) { #expect(ByteCount(parsing: text) == nil) }

    @Test("queue ids read back, and their text sorts as they do")
    func queueIDs() {
        let ids = [0, 1, 31, 32, 1_764_000_000_000_000, 1_764_000_000_000_001, (1 << 55) - 1].map { QueueID(value: $0) }
        for id in ids { #expect(QueueID(parsing: "\(id)") == id) }
        #expect(ids.map { "\($0)" } == ids.map { "\($0)" }.sorted())
        #expect(QueueID(parsing: "short") == nil)
        #expect(QueueID(parsing: "uuuuuuuuuuu") == nil)
    }

    @Test("a time is written in UTC with milliseconds")
    func timestamps() {
        #expect("\(Timestamp(microseconds: 1_764_000_000_125_000))" == "2025-11-24T16:00:00.125Z")
        #expect("\(Timestamp(seconds: 0))" == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(seconds: 10) - .milliseconds(1500) == Timestamp(microseconds: 8_500_000))
    }

    @Test(
        "enhanced status codes",
        arguments: [("5.7.1", true), ("2.0.0", true), ("3.0.0", false), ("5.7", false), ("5.1000.1", false), ("5..1", false)])
    func statusCodes(text: String, isValid: Bool) { #expect((EnhancedStatusCode(parsing: text) != nil) == isValid) }
}
