import Foundation
import MailVocabulary
import NIOCore
import Testing

@testable import NameResolution

@Suite(.enabled(if: LocalDNSServer.isInstalled, "\(LocalDNSServer.missing)"))
struct DNSResolverTests {
    @Test("MX answers of every kind, also over TCP, through CNAMEs and with more records than are used")
    func mailExchangers() async throws {
        var records = [
            "example. MX 20 b.example.", "example. MX 10 A.example.", "alias.example. CNAME example.", "null.example. MX 0 .",
            "host.example. A 192.0.2.1", "bad.example. MX 10 -a.example.", "score.example. MX 10 under_score.example.",
        ]
        records += (0..<300).map { "many.example. MX \($0) a-rather-long-host-name-so-that-it-needs-tcp-\($0).example." }
        try await withDNS(records, configuration: ["local-zone: \"refused.example.\" always_refuse"]) { resolver in
            func lookUp(_ name: String) async throws -> MailExchangerLookup {
                try await resolver.mailExchangers(of: domain(name), on: testLoop).get()
            }
            let expected = MailExchangerLookup.hosts([
                MailExchanger(preference: 10, host: try domain("a.example")), MailExchanger(preference: 20, host: try domain("b.example")),
            ])
            #expect(try await lookUp("example") == expected)
            #expect(try await lookUp("alias.example") == expected)
            #expect(try await lookUp("null.example") == .nullMX)
            #expect(try await lookUp("host.example") == .implicit)
            #expect(try await lookUp("gone.example") == .noSuchDomain)
            #expect(try await lookUp("bad.example") == .noHost)
            let underscore = try #require(DomainName(inRecord: "under_score.example"))
            #expect(try await lookUp("score.example") == .hosts([MailExchanger(preference: 10, host: underscore)]))
            #expect(try await lookUp("refused.example") == .transientFailure(.serverFailure(rcode: 2)))
            guard case .hosts(let many) = try await lookUp("many.example") else { throw NotATestValue() }
            #expect(many.map(\.preference) == Array(0..<20))
        }
    }

    @Test("addresses by family, bounded; every zone is asked of the server, also those that libunbound knows itself")
    func addresses() async throws {
        var records = [
            "host.example. A 192.0.2.1", "host.example. AAAA 2001:db8::1", "alias.example. CNAME host.example.", "four.test. A 192.0.2.4",
            "home.home.arpa. A 192.0.2.5", "x.invalid. A 192.0.2.6", "x.onion. A 192.0.2.7", "own.localhost. A 192.0.2.8",
        ]
        records += (0..<250).map { "many.example. A 192.0.2.\($0)" }
        try await withDNS(records, configuration: ["local-zone: \"localhost.\" static"]) { resolver in
            func lookUp(_ name: String, _ family: AddressFamilies = .any) async throws -> AddressLookup {
                try await resolver.addresses(of: domain(name), family: family, on: testLoop).get()
            }
            let (four, six) = (try address("192.0.2.1"), try address("2001:db8::1"))
            #expect(try await lookUp("host.example") == .addresses([six, four]))
            #expect(try await lookUp("alias.example") == .addresses([six, four]))
            #expect(try await lookUp("host.example", .ipv4) == .addresses([four]))
            #expect(try await lookUp("host.example", .ipv6) == .addresses([six]))
            #expect(try await lookUp("four.test", .ipv6) == .noAddress)
            #expect(try await lookUp("gone.example") == .noSuchDomain)
            for (name, text) in [
                ("four.test", "192.0.2.4"), ("home.home.arpa", "192.0.2.5"), ("x.invalid", "192.0.2.6"), ("x.onion", "192.0.2.7"),
                ("own.localhost", "192.0.2.8"),
            ] {
                #expect(try await lookUp(name) == .addresses([address(text)]), "\(name)")
            }
            guard case .addresses(let many) = try await lookUp("many.example") else { throw NotATestValue() }
            #expect(many.count == 20)
        }
    }

    @Test("names of the hosts file win over the servers for addresses and reverse names, and hide no MX record")
    func hostsFile() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)")
        try "198.51.100.1 host.example host\n198.51.100.2 only.test\n".write(to: file, atomically: true, encoding: .utf8)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        let records = ["host.example. A 192.0.2.1", "host.example. AAAA 2001:db8::1", "host.example. MX 10 other.example."]
        try await withDNS(records, hostsFile: file.path) { resolver in
            let own = try address("198.51.100.1")
            #expect(try await resolver.addresses(of: domain("host.example"), on: testLoop).get() == .addresses([own]))
            #expect(try await resolver.addresses(of: domain("host.example"), family: .ipv6, on: testLoop).get() == .noAddress)
            #expect(try await resolver.hostNames(of: own, on: testLoop).get() == .names([domain("host.example"), domain("host")]))
            #expect(
                try await resolver.mailExchangers(of: domain("host.example"), on: testLoop).get()
                    == .hosts([MailExchanger(preference: 10, host: domain("other.example"))]))
            #expect(try await resolver.mailExchangers(of: domain("only.test"), on: testLoop).get() == .implicit)
        }
    }

    @Test("unsigned answers below a trust anchor are bogus, and that is transient")
    func bogus() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("anchor-\(UUID().uuidString)")
        let digest = String(repeating: "0A", count: 32)
        try "example. IN DS 12345 8 2 \(digest)\n".write(to: file, atomically: true, encoding: .utf8)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        try await withDNS(["host.example. A 192.0.2.1"], validation: .trustAnchor(file: file.path)) { resolver in
            guard case .transientFailure(.bogus) = try await resolver.addresses(of: domain("host.example"), on: testLoop).get() else {
                throw NotATestValue()
            }
        }
    }

    @Test("thousands of lookups at once are all answered")
    func many() async throws {
        try await withDNS((0..<500).map { "h\($0).example. A 192.0.2.\($0 % 250)" }) { resolver in
            let lookups = try (0..<4_000).map { number in
                try resolver.addresses(of: domain("h\(number % 1_000).example"), family: .ipv4, on: testLoop)
            }
            let found = try await EventLoopFuture.whenAllSucceed(lookups, on: testLoop).get()
            for (number, lookup) in found.enumerated() {
                let host = number % 1_000
                let expected = host < 500 ? AddressLookup.addresses([try address("192.0.2.\(host % 250)")]) : .noSuchDomain
                #expect(lookup == expected)
            }
        }
    }
}
