import MailVocabulary
import Testing

@testable import NameResolution

@Suite(.enabled(if: LocalDNSServer.isInstalled, "\(LocalDNSServer.missing)"))
struct NextHopResolverTests {
    @Test("a domain's next hops come from its MX records, or say with which status they do not")
    func domains() async throws {
        let silent = try LoopbackSocket()
        let records = [
            "example. MX 20 b.example.", "example. MX 10 a.example.", "a.example. A 192.0.2.1", "a.example. AAAA 2001:db8::1",
            "b.example. A 192.0.2.2", "implicit.example. A 192.0.2.3", "null.example. MX 0 .", "null.example. A 192.0.2.4",
            "txt.example. TXT text", "dangling.example. MX 10 gone.example.", "loop.example. MX 10 us.example.",
            "loop.example. MX 20 b.example.", "us.example. A 192.0.2.9", "smart.example. MX 10 a.example.", "smart.example. A 192.0.2.5",
            "slow.example. MX 10 host.silent.example.", "half.example. MX 10 host.silent.example.", "half.example. MX 20 b.example.",
            "selfish.example. MX 5 a.example.", "selfish.example. MX 10 us.example.", "selfish.example. MX 10 b.example.",
            "score.example. MX 10 mail_1.example.", "mail_1.example. A 192.0.2.6",
        ]
        try await withDNS(records, forwards: [("silent.example.", silent.port)]) { resolver in
            let nextHops = NextHopResolver(resolver: resolver, ourself: OwnIdentity(addresses: [try address("192.0.2.9")]))
            func resolve(_ destination: NextHopDestination, within duration: Duration? = nil) async throws -> String {
                switch try await nextHops.resolve(destination, within: duration, on: testLoop).get() {
                case .candidates(let found): found.map { "\($0.host?.text ?? "-")/\($0.address)" }.joined(separator: " ")
                case .failure(let reply): "\(reply.code) \(reply.status.map(String.init(describing:)) ?? "")"
                }
            }
            #expect(try await resolve(.domain(domain("example"))) == "a.example/2001:db8::1 a.example/192.0.2.1 b.example/192.0.2.2")
            #expect(try await resolve(.domain(domain("implicit.example"))) == "implicit.example/192.0.2.3")
            #expect(try await resolve(.domain(domain("null.example"))) == "556 5.1.10")
            #expect(try await resolve(.domain(domain("gone.example"))) == "550 5.1.2")
            #expect(try await resolve(.domain(domain("txt.example"))) == "550 5.4.4")
            #expect(try await resolve(.domain(domain("dangling.example"))) == "550 5.4.4")
            #expect(try await resolve(.domain(domain("loop.example"))) == "554 5.4.6")
            #expect(try await resolve(.domain(domain("selfish.example"))) == "a.example/2001:db8::1 a.example/192.0.2.1")
            #expect(try await resolve(.smartHost(domain("smart.example"))) == "smart.example/192.0.2.5")
            #expect(try await resolve(.smartHost(domain("us.example"))) == "us.example/192.0.2.9")
            #expect(try await resolve(.smartHost(domain("gone.example"))) == "550 5.1.2")
            #expect(try await resolve(.smartHostAddress(address("192.0.2.77"))) == "-/192.0.2.77")
            #expect(try await resolve(.smartHostAddress(address("192.0.2.9"))) == "-/192.0.2.9")
            #expect(try await resolve(.addressLiteral(address("192.0.2.77"))) == "-/192.0.2.77")
            #expect(try await resolve(.addressLiteral(address("192.0.2.9"))) == "554 5.4.6")
            #expect(try await resolve(.addressLiteral(address("0.0.0.0"))) == "550 5.1.2")
            #expect(try await resolve(.domain(domain("score.example"))) == "mail_1.example/192.0.2.6")
            #expect(try await resolve(.domain(domain("slow.example")), within: .milliseconds(500)) == "451 4.4.3")
            #expect(try await resolve(.domain(domain("half.example")), within: .milliseconds(500)) == "b.example/192.0.2.2")
        }
        withExtendedLifetime(silent) {}
    }

    @Test("only addresses of the families that the connector can reach are candidates")
    func families() async throws {
        try await withDNS(["a.example. A 192.0.2.1", "a.example. AAAA 2001:db8::1"]) { resolver in
            for (families, expected) in [(AddressFamilies.ipv4, "192.0.2.1"), (.ipv6, "2001:db8::1")] {
                let nextHops = NextHopResolver(resolver: resolver, ourself: OwnIdentity(), families: families)
                let found = try await nextHops.resolve(.domain(domain("a.example")), on: testLoop).get()
                #expect(try found == .candidates([NextHopCandidate(host: domain("a.example"), address: address(expected))]))
            }
        }
    }
}
