import Foundation
import Testing

/// `postern probe` against servers that work, refuse, defer, are silent, or have a certificate that ran out.
@Suite("postern probe")
struct ProbeTests {
    private static func write(_ postern: PosternUnderTest, _ dns: DNSUnderTest, port: Int, connector: String? = nil) throws {
        let way = connector ?? #"{ address_spaces: [{ domain: "*" }], deliver: dns }"#
        try postern.write(
            edge: "",
            rest: """
                resolver: { servers: ["127.0.0.1:\(dns.port)"] }
                outbound:
                  default: { connections: { port: \(port) } }
                connectors:
                  general: \(way)
                """)
    }

    private static func json(_ result: Program.Result) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: result.output) as? [String: Any], "\(result)")
    }

    private static func stages(_ object: [String: Any], _ index: Int = 0) throws -> [[String: Any]] {
        let sessions = try #require(object["sessions"] as? [[String: Any]])
        return try #require(sessions[index]["stages"] as? [[String: Any]])
    }

    @Test("stage by stage to a server that takes the mail: nothing is delivered")
    func works() async throws {
        let sink = try SinkUnderTest()
        try await sink.start()
        defer { sink.stop() }
        let dns = try await DNSUnderTest(["far.test. MX 10 mx.far.test.", "mx.far.test. A 127.0.0.1"])
        defer { dns.stop() }
        let postern = try PosternUnderTest()
        try Self.write(postern, dns, port: sink.port)
        let result = try await postern.postern(["probe", "far.test", "--from", "a@local.test", "--to", "b@far.test", "--json"])
        #expect(result.status == 0, "\(result)")
        let object = try Self.json(result)
        #expect(object["connector"] as? String == "general" && object["verdict"] as? String == "works", "\(result)")
        #expect(try Self.stages(object).compactMap { $0["stage"] as? String } == ["connect", "banner", "EHLO", "MAIL", "RCPT"])
        let asked = try #require(object["questions"] as? [[String: Any]]).compactMap { $0["answer"] as? [String: Any] }
        #expect(asked.compactMap { $0["type"] as? String } == ["NS", "MX", "A", "AAAA", "TLSA"])
        #expect(try sink.count() == 0)
        let text = try await postern.postern(["probe", "far.test"])
        #expect(text.status == 0 && text.text.contains("No recipient"), "\(text)")
        #expect(text.text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
    }

    @Test(
        "what a server says to RCPT decides: for now is 75, for good is 1",
        arguments: [
            ("tmp@far.test", 75, "accepted the connection and then answered 451 4.7.1 Come back later to RCPT"),
            ("bad@far.test", 1, "the recipient's system does not take mail for this recipient"),
        ])
    func recipient(address: String, status: Int32, words: String) async throws {
        let port = try FreePort.take()
        let servers = try await FakeServers([.init(name: "mx", listen: "127.0.0.1:\(port)")])
        defer { servers.stop() }
        let dns = try await DNSUnderTest(["far.test. MX 10 mx.far.test.", "mx.far.test. A 127.0.0.1"])
        defer { dns.stop() }
        let postern = try PosternUnderTest()
        try Self.write(postern, dns, port: port)
        let result = try await postern.postern(["probe", "far.test", "--from", "<>", "--to", address, "--json"])
        #expect(result.status == status, "\(result)")
        #expect(try #require(Self.json(result)["summary"] as? String).contains(words), "\(result)")
    }

    @Test("a certificate that has expired and that nobody vouches for is described, and a handshake that breaks is followed in clear")
    func certificates() async throws {
        let folder = try TemporaryFolder()
        let authority = try await CertificateUnderTest.authority(in: folder)
        let expired = try await authority.issue("mx.far.test", in: folder, "expired", isExpired: true)
        let port = try FreePort.take()
        let servers = try await FakeServers([
            .init(name: "expired", listen: "127.0.0.1:\(port)", certificate: expired.path, key: expired.key),
            .init(name: "broken", listen: "127.0.0.2:\(port)", startTLS: true),
        ])
        defer { servers.stop() }
        let dns = try await DNSUnderTest([
            "far.test. MX 10 mx.far.test.", "mx.far.test. A 127.0.0.1", "broken.test. MX 10 mx.broken.test.", "mx.broken.test. A 127.0.0.2",
        ])
        defer { dns.stop() }
        let postern = try PosternUnderTest()
        try Self.write(postern, dns, port: port)
        let result = try await postern.postern(["probe", "far.test"])
        #expect(result.status == 0, "\(result)")
        for words in ["certificate CN=mx.far.test", "expired since", "chain not trusted: ", "the name matches", "EHLO again"] {
            #expect(result.text.contains(words), "\(words): \(result)")
        }
        let broken = try await postern.postern(["probe", "broken.test"])
        #expect(broken.status == 0 && broken.text.contains("delivery goes on in clear, on another connection"), "\(broken)")

        let verified = #"{ address_spaces: [{ domain: "*" }], deliver: dns, tls: { mode: verified } }"#
        try Self.write(postern, dns, port: port, connector: verified)
        let refused = try await postern.postern(["probe", "far.test"])
        #expect(refused.status == 75 && refused.text.contains("has a certificate that the"), "\(refused)")
    }

    @Test("a host that refuses, and one that is silent, fail at their stage, each within its time")
    func unreachable() async throws {
        let port = try FreePort.take()
        let servers = try await FakeServers([.init(name: "silent", listen: "127.0.0.2:\(port)", silent: true)])
        defer { servers.stop() }
        let dns = try await DNSUnderTest([
            "far.test. MX 10 a.far.test.", "far.test. MX 20 b.far.test.", "a.far.test. A 127.0.0.1", "b.far.test. A 127.0.0.2",
        ])
        defer { dns.stop() }
        let postern = try PosternUnderTest()
        try Self.write(postern, dns, port: port)
        let result = try await postern.postern(["probe", "far.test", "--timeout", "2", "--json"])
        #expect(result.status == 75, "\(result)")
        let object = try Self.json(result)
        #expect(try Self.stages(object, 0).last?["failure"] as? String == "refused the connection: nobody listens there", "\(result)")
        let silent = try #require(Self.stages(object, 1).last)
        #expect(
            silent["stage"] as? String == "banner" && (silent["failure"] as? String)?.hasPrefix("said nothing for") == true, "\(result)")
    }

    @Test(
        "where there is nowhere to connect to, the verdict says why",
        arguments: [
            ("null.test", 1, "does not accept mail (null MX)"), ("nowhere.test", 1, "nowhere.test does not exist"),
            ("loop.test", 1, "loops back to myself"), ("hostless.test", 1, "have no address"),
        ])
    func nowhere(domain: String, status: Int32, words: String) async throws {
        let dns = try await DNSUnderTest([
            "null.test. MX 0 .", "loop.test. MX 10 mx.postern.test.", "mx.postern.test. A 192.0.2.1", "hostless.test. MX 10 gone.test.",
        ])
        defer { dns.stop() }
        let postern = try PosternUnderTest()
        try Self.write(postern, dns, port: try FreePort.take())
        let result = try await postern.postern(["probe", domain, "--json"])
        #expect(result.status == status, "\(result)")
        #expect(try #require(Self.json(result)["summary"] as? String).contains(words), "\(result)")
    }

    @Test("the probe goes where delivery would: to the smart host, and with --direct by the DNS")
    func smartHost() async throws {
        let port = try FreePort.take()
        let servers = try await FakeServers([.init(name: "relay", listen: "127.0.0.2:\(port)")])
        defer { servers.stop() }
        let dns = try await DNSUnderTest(["far.test. MX 10 mx.far.test.", "mx.far.test. A 127.0.0.1"])
        defer { dns.stop() }
        let postern = try PosternUnderTest()
        let connector = #"{ address_spaces: [{ domain: "*" }], deliver: { smart_hosts: ["[127.0.0.2]"] } }"#
        try Self.write(postern, dns, port: port, connector: connector)
        let smart = try await postern.postern(["probe", "far.test"])
        #expect(smart.status == 0 && smart.text.contains("connector general, to [127.0.0.2]"), "\(smart)")
        let direct = try await postern.postern(["probe", "far.test", "--direct", "--port", "\(port)"])
        #expect(direct.status == 75 && direct.text.contains("refused the connection"), "\(direct)")
        #expect(try await postern.postern(["probe", "far.test", "--from", "a@b.test"]).status == 64)
    }
}
