import Foundation
import Testing

/// `postern dns` against unbound and a zone that ldns signed.
@Suite("postern dns")
struct DNSCommandTests {
    private static func rest(_ resolver: String) -> String {
        """
        connectors: { general: { address_spaces: [{ domain: "*" }], deliver: dns } }
        resolver: { \(resolver) }
        """
    }

    private static func system(_ dns: DNSUnderTest) throws -> PosternUnderTest {
        let postern = try PosternUnderTest()
        try postern.write(edge: "", rest: rest("servers: [\"127.0.0.1:\(dns.port)\"]"))
        return postern
    }

    @Test("records with their TTL are status 0, no such name and no such record are 1, and no answer is 75")
    func outcomes() async throws {
        let dns = try await DNSUnderTest([
            "far.test. 600 MX 20 b.far.test.", "far.test. 600 MX 10 a.far.test.", "null.test. MX 0 .", "alias.test. CNAME far.test.",
        ])
        defer { dns.stop() }
        let postern = try Self.system(dns)
        let found = try await postern.postern(["dns", "mx", "FAR.test"])
        #expect(found.status == 0, "\(found)")
        #expect(
            found.text.hasSuffix("\nanswer    2 records, TTL 600 s\nDNSSEC    not validated\n  10 a.far.test.\n  20 b.far.test.\n"),
            "\(found)")
        let null = try await postern.postern(["dns", "mx", "null.test"])
        #expect(null.status == 0 && null.text.contains("the domain takes no mail"), "\(null)")
        let noData = try await postern.postern(["dns", "txt", "far.test"])
        #expect(noData.status == 1 && noData.text.contains("the name exists, without TXT records"), "\(noData)")
        let none = try await postern.postern(["dns", "mx", "nowhere.test"])
        #expect(none.status == 1 && none.text.contains("no such name (NXDOMAIN)"), "\(none)")
        #expect(try await postern.postern(["dns", "ptr", "far.test"]).status == 64)

        dns.stop()
        _ = try await eventually("unbound has ended") { FreePort.isTaken(dns.port) ? nil : true }
        let silent = try await postern.postern(["dns", "a", "far.test", "--timeout", "2", "--json"])
        #expect(silent.status == 75, "\(silent)")
        let object = try #require(try JSONSerialization.jsonObject(with: silent.output) as? [String: Any])
        #expect(object["outcome"] as? String == "failure" && object["reason"] is String, "\(silent)")
    }

    @Test("with a trust anchor, secure, insecure and bogus are told apart; without one, nothing is called insecure")
    func security() async throws {
        let folder = try TemporaryFolder()
        let good = try await SignedZone("signed.test", ["signed.test. 300 IN MX 10 mx.signed.test."], in: folder)
        let bad = try await SignedZone(
            "forged.test", ["forged.test. 300 IN MX 10 mx.forged.test."], forged: ("10 mx.forged", "99 mx.forged"), in: folder)
        let dns = try await DNSUnderTest(["plain.test. MX 10 mx.plain.test."], zones: [good, bad])
        defer { dns.stop() }
        let postern = try Self.system(dns)
        func mx(_ name: String, _ anchor: String?) async throws -> Program.Result {
            try await postern.postern(["dns", "mx", name] + (anchor.map { ["--trust-anchor", $0] } ?? []))
        }
        let secure = try await mx("signed.test", good.anchor)
        #expect(secure.status == 0 && secure.text.contains("DNSSEC    secure\n"), "\(secure)")
        let insecure = try await mx("plain.test", good.anchor)
        #expect(insecure.status == 0 && insecure.text.contains("DNSSEC    insecure"), "\(insecure)")
        let bogus = try await mx("forged.test", bad.anchor)
        #expect(bogus.status == 75 && bogus.text.contains("DNSSEC    bogus: "), "\(bogus)")
        let unvalidated = try await mx("forged.test", nil)
        #expect(unvalidated.status == 0 && unvalidated.text.contains("DNSSEC    not validated\n"), "\(unvalidated)")
        #expect(try await mx("signed.test", folder.file("none").path).status == 78)
    }

    @Test("where the hosts file answers, the answer says that delivery does not ask")
    func hostsFile() async throws {
        let dns = try await DNSUnderTest(["far.test. A 192.0.2.1"])
        defer { dns.stop() }
        let postern = try Self.system(dns)
        let hosts = try postern.folder.write("hosts", "192.0.2.99 far.test\n")
        try postern.write(edge: "", rest: Self.rest("servers: [\"127.0.0.1:\(dns.port)\"], hosts_file: \(hosts)"))
        let result = try await postern.postern(["dns", "a", "far.test"])
        #expect(result.text.contains("Delivery does not ask: the hosts file says 192.0.2.99.\n"), "\(result)")
        #expect(result.text.contains("\n  192.0.2.1\n"), "\(result)")
    }
}
