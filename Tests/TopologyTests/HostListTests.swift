import MailVocabulary
import Testing

@testable import Topology

@Suite("Lists of computers (S16, S17)")
struct HostListTests {
    static let entries: [HostEntry] = [
        HostEntry(.subnet(Subnet(parsing: "192.0.2.66")!)), HostEntry(.subnet(Subnet(parsing: "198.51.100.0/24")!)),
        HostEntry(.below(DomainName(parsing: "bad.example")!)), HostEntry(.exact(DomainName(parsing: "printer.example")!)),
    ]

    @Test(
        "an entry matches by address, subnet, exact confirmed name, or a name below",
        arguments: [
            ("192.0.2.66", nil, true), ("192.0.2.67", nil, false), ("198.51.100.255", nil, true), ("198.51.101.0", nil, false),
            ("203.0.113.1", "a.bad.example", true), ("203.0.113.1", "bad.example", false), ("203.0.113.1", "xbad.example", false),
            ("203.0.113.1", "printer.example", true), ("203.0.113.1", "a.printer.example", false), ("2001:db8::1", nil, false),
            ("::ffff:192.0.2.66", nil, true),
        ] as [(String, String?, Bool)])
    func matching(address: String, hostName: String?, matches: Bool) throws {
        let address = try #require(IPAddress(parsing: address))
        let name = hostName.flatMap { DomainName(parsing: $0) }
        #expect(HostList.only(Self.entries).contains(address, hostName: name) == matches)
        #expect(HostList.allExcept(Self.entries).contains(address, hostName: name) == !matches)
        #expect((HostList.only(Self.entries).firstMatch(address, hostName: name) != nil) == matches)
    }

    @Test("an empty list of exceptions is everyone, an empty list is nobody")
    func empty() throws {
        let address = try #require(IPAddress(parsing: "192.0.2.1"))
        #expect(HostList.everyone.contains(address))
        #expect(!HostList.nobody.contains(address))
        #expect(!HostList.everyone.needsHostName)
        #expect(HostList.only(Self.entries).needsHostName)
    }
}
