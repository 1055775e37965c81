import MailVocabulary
import Testing

@testable import NameResolution

struct NextHopResolutionTests {
    private let transient = AddressLookup.transientFailure(.timeout)

    private func resolve(
        _ hosts: [(UInt16, String, AddressLookup?)], ourself: OwnIdentity = OwnIdentity()
    ) throws -> NextHopResolution {
        var addresses: [DomainName: AddressLookup] = [:]
        for (_, host, lookup) in hosts { addresses[try domain(host)] = lookup }
        return NextHopResolution(
            domain: try domain("example"), exchangers: try hosts.map { MailExchanger(preference: $0.0, host: try domain($0.1)) },
            addresses: addresses, ourself: ourself)
    }

    private func list(_ prefix: String, _ count: Int) throws -> AddressLookup {
        .addresses(try (1...count).map { try address("\(prefix).\($0)") })
    }

    private func code(_ resolution: NextHopResolution) -> String? {
        guard case .failure(let reply) = resolution else { return nil }
        return "\(reply.code) \(reply.status.map(String.init(describing:)) ?? "")"
    }

    @Test("hosts are tried in their order with all their addresses")
    func candidates() throws {
        #expect(
            try resolve([(10, "a", list("192.0.2", 2)), (20, "b", .noSuchDomain), (30, "c", transient), (40, "d", list("198.51.100", 1))])
                == .candidates([
                    NextHopCandidate(host: domain("a"), address: address("192.0.2.1")),
                    NextHopCandidate(host: domain("a"), address: address("192.0.2.2")),
                    NextHopCandidate(host: domain("d"), address: address("198.51.100.1")),
                ]))
    }

    @Test("a first host with many addresses does not hide the others")
    func bound() throws {
        guard case .candidates(let found) = try resolve([(10, "a", list("192.0.2", 20)), (20, "b", list("198.51.100", 3))]) else {
            throw NotATestValue()
        }
        #expect(found.map { $0.host?.text } == Array(repeating: "a", count: 17) + Array(repeating: "b", count: 3))
        let many = try (1...20).map { (UInt16($0), "h\($0)", try list("192.0.\($0)", 20)) as (UInt16, String, AddressLookup?) }
        guard case .candidates(let first) = try resolve(many) else { throw NotATestValue() }
        #expect(first.map { $0.host?.text } == (1...20).map { "h\($0)" })
    }

    @Test("no exchanger with an address is permanent, unless one may still have one")
    func noAddress() throws {
        #expect(code(try resolve([(10, "a", .noAddress), (20, "b", .noSuchDomain), (30, "c", nil)])) == "550 5.4.4")
        #expect(code(try resolve([(10, "a", .noAddress), (20, "b", transient)])) == "451 4.4.3")
        #expect(code(try resolve([(10, "a", .addresses([address("0.0.0.0"), address("ff02::1")]))])) == "550 5.4.4")
    }

    @Test("we are recognised among the exchangers by name and by address, and mail never loops")
    func loops() throws {
        let byName = OwnIdentity(names: [try domain("b")])
        let byAddress = OwnIdentity(addresses: [try address("192.0.2.2")])
        let hosts: [(UInt16, String, AddressLookup?)] = [
            (10, "a", try list("198.51.100", 1)), (20, "b", try list("192.0.2", 2)), (20, "c", try list("203.0.113", 1)),
        ]
        for ourself in [byName, byAddress] {
            #expect(
                try resolve(hosts, ourself: ourself)
                    == .candidates([NextHopCandidate(host: domain("a"), address: address("198.51.100.1"))]))
            #expect(code(try resolve(Array(hosts.dropFirst()), ourself: ourself)) == "554 5.4.6")
        }
        #expect(code(try resolve([(10, "a", transient), (20, "b", nil)], ourself: byName)) == "451 4.4.3")
    }

    @Test("a single host: its addresses, or the reason why not")
    func singleHost() throws {
        let host = try domain("example")
        func resolve(_ lookup: AddressLookup, _ ourself: OwnIdentity = OwnIdentity()) -> NextHopResolution {
            NextHopResolution(host: host, addresses: lookup, ourself: ourself)
        }
        #expect(resolve(try list("192.0.2", 1)) == .candidates([NextHopCandidate(host: host, address: try address("192.0.2.1"))]))
        #expect(code(resolve(.noSuchDomain)) == "550 5.1.2")
        #expect(code(resolve(.noAddress)) == "550 5.4.4")
        #expect(code(resolve(transient)) == "451 4.4.3")
        #expect(code(resolve(try list("192.0.2", 2), OwnIdentity(addresses: [try address("192.0.2.2")]))) == "554 5.4.6")
        #expect(code(resolve(.noAddress, OwnIdentity(names: [host]))) == "554 5.4.6")
    }

    @Test(
        "a recipient's address literal must be one that mail can go to, and not our own",
        arguments: [
            ("192.0.2.1", nil), ("127.0.0.9", "554 5.4.6"), ("192.0.2.9", "554 5.4.6"), ("0.0.0.0", "550 5.1.2"), ("::", "550 5.1.2"),
            ("ff02::1", "550 5.1.2"), ("255.255.255.255", "550 5.1.2"), ("2001:db8::1", nil),
        ] as [(String, String?)])
    func literals(_ text: String, _ expected: String?) throws {
        let ourself = OwnIdentity(addresses: [try address("192.0.2.9")], networks: [try #require(Subnet(parsing: "127.0.0.0/8"))])
        let found = NextHopResolution(literal: try address(text), ourself: ourself)
        #expect(code(found) == expected)
        if expected == nil { #expect(found == .candidates([NextHopCandidate(host: nil, address: try address(text))])) }
    }

    @Test("a smart host's address is the administrator's word, ourself included")
    func smartHostAddress() throws {
        #expect(
            NextHopResolution(smartHost: try address("127.0.0.1"))
                == .candidates([NextHopCandidate(host: nil, address: try address("127.0.0.1"))]))
    }

    @Test("addresses of a family that is not used are no candidates, and the reply names the family")
    func families() throws {
        let (four, six) = (try address("192.0.2.1"), try address("2001:db8::1"))
        let none = OwnIdentity()
        #expect(
            NextHopResolution(literal: four, ourself: none, families: .ipv6)
                == .failure(Reply(550, "5.4.4", "[192.0.2.1] cannot be reached: this connector uses IPv6 alone")))
        #expect(code(NextHopResolution(smartHost: six, families: .ipv4)) == "550 5.4.4")
        #expect(NextHopResolution(smartHost: six, families: .ipv6) == .candidates([NextHopCandidate(host: nil, address: six)]))
        let host = try domain("example")
        #expect(
            NextHopResolution(host: host, addresses: .addresses([six, four]), ourself: none, families: .ipv4)
                == .candidates([NextHopCandidate(host: host, address: four)]))
        #expect(
            NextHopResolution(host: host, addresses: .noAddress, ourself: none, families: .ipv6)
                == .failure(Reply(550, "5.4.4", "example has no IPv6 address")))
        #expect(
            NextHopResolution(
                domain: host, exchangers: [MailExchanger(preference: 1, host: try domain("a"))],
                addresses: [try domain("a"): .addresses([six])], ourself: none, families: .ipv4)
                == .failure(Reply(550, "5.4.4", "the mail exchangers of example have no IPv4 address")))
    }
}
