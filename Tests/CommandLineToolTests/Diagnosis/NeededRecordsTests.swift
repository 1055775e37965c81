import MailVocabulary
import Testing
import Topology
import TopologyFile

@testable import CommandLineTool

@Suite("The DNS records that a configuration needs")
struct NeededRecordsTests {
    private static func lines(
        connectors: String, said: [String] = [], own: [String] = ["203.0.113.7", "10.0.0.5"], rest: String = "",
        listen: String = "\"0.0.0.0:25\""
    ) throws -> [String] {
        let text = """
            version: 1
            hostname: mail.tailspin.example
            default_domain: tailspin.example
            domains: { tailspin.example: authoritative }
            virtual_servers: { internet: { role: edge, listen: [\(listen)] } }
            connectors:
              mailboxes: { address_spaces: [{ domain: tailspin.example }], deliver: { maildir: "/m/{user}" } }
            \(connectors)
            \(rest)
            """
        let loaded = TopologyFile.parse(Array(text.utf8), path: "postern.yaml")
        let topology = try #require(loaded.topology, "\(loaded.findings)")
        func addresses(_ texts: [String]) -> [IPAddress] { texts.compactMap { IPAddress(parsing: $0) } }
        let known = PublicAddresses(said: addresses(said), own: addresses(own), of: topology)
        return NeededRecords(topology: topology, addresses: known, certificates: []).lines
    }

    private static let direct = "  general: { address_spaces: [{ domain: \"*\" }], deliver: dns }"
    private static let smart = "  isp: { address_spaces: [{ domain: \"*\", cost: 20 }], deliver: { smart_hosts: [smtp.isp.example] } }"

    @Test("the kind 'SPF includes the way out': what the host sends itself is listed, with a source address of its own")
    func sent() throws {
        #expect(try Self.lines(connectors: Self.direct).contains("tailspin.example. TXT \"v=spf1 mx -all\""))
        let source = "outbound: { default: { source: { ipv4: 203.0.113.25 } } }"
        #expect(try Self.lines(connectors: Self.direct, rest: source).contains("tailspin.example. TXT \"v=spf1 mx ip4:203.0.113.25 -all\""))
        #expect(
            try Self.lines(connectors: Self.direct, said: ["203.0.113.25"], rest: source).contains(
                "tailspin.example. TXT \"v=spf1 mx -all\""))
    }

    @Test("the kind 'SPF includes the way out': what a smart host sends cannot be known, and no record claims that nobody else sends")
    func relayed() throws {
        for (connectors, record) in [
            (Self.direct + "\n" + Self.smart, "; tailspin.example. TXT \"v=spf1 mx include:… -all\""),
            (Self.smart, "; tailspin.example. TXT \"v=spf1 include:… -all\""),
        ] {
            let lines = try Self.lines(connectors: connectors)
            #expect(lines.contains(record), "\(lines)")
            #expect(lines.contains("; mail of tailspin.example also leaves over connector isp (smtp.isp.example)"), "\(lines)")
            #expect(!lines.contains { $0.hasPrefix("tailspin.example. TXT") }, "\(lines)")
        }
    }

    @Test("the kind 'only addresses that exist': of this machine's, those that the edge listens on and others reach")
    func addresses() throws {
        let own = ["203.0.113.7", "10.0.0.5", "127.0.0.1", "2001:db8::7", "fe80::1"]
        func hosts(_ listen: String, said: [String] = []) throws -> [String] {
            try Self.lines(connectors: Self.direct, said: said, own: own, listen: listen).filter {
                $0.contains(" A ") || $0.contains(" AAAA ")
            }
        }
        #expect(try hosts("\"0.0.0.0:25\"") == ["mail.tailspin.example. A 203.0.113.7"])
        #expect(try hosts("\"0.0.0.0:25\", \"[::]:25\"").last == "mail.tailspin.example. AAAA 2001:db8::7")
        #expect(
            try hosts("\"10.0.0.5:25\"") == [
                "; mail.tailspin.example. A …    the edge listens on no public address of this machine, perhaps behind NAT; "
                    + "--address says the public one"
            ])
        #expect(try hosts("\"10.0.0.5:25\"", said: ["198.51.100.3"]) == ["mail.tailspin.example. A 198.51.100.3"])
    }

    @Test("the kind 'only addresses that exist': reports go to a postmaster whom the configuration names, or are not asked for")
    func reports() throws {
        func dmarc(_ rest: String) throws -> [String] {
            try Self.lines(connectors: Self.direct, rest: rest).filter { $0.contains("DMARC1") }
        }
        #expect(try dmarc("") == ["_dmarc.tailspin.example. TXT \"v=DMARC1; p=none\""])
        #expect(
            try dmarc("postmaster: m.admin@tailspin.example") == [
                "_dmarc.tailspin.example. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@tailspin.example\""
            ])
    }
}
