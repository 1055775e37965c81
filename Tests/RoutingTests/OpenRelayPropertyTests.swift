import MailVocabulary
import Testing
import Topology

@testable import Routing

/// The proof looks at rules; here, strangers try the door, one after another.
@Suite("The proof of law 5 says what brute force finds")
struct OpenRelayPropertyTests {
    private static let subnets = [
        "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2", "10.0.0.0/8", "203.0.113.0/24", "192.0.2.1", "::/0", "::/1",
        "8000::/1", "2001:db8::/32", "c000::/2",
    ]
    /// One address of each cell that the subnets cut the address space into.
    private static let clients = [
        "1.2.3.4", "10.1.2.3", "127.0.0.1", "129.1.1.1", "191.255.0.1", "192.0.2.1", "192.0.2.2", "203.0.113.9", "255.1.1.1", "::1",
        "2001:db8::1", "7fff::1", "8001::1", "bfff::1", "c001::1",
    ]
    private static let spaces = ["*", "*.example", "far.example", "*.test", "x.test"]

    private static func random<Element>(_ list: [Element], _ generator: inout SeededGenerator) -> Element {
        list[Int.random(in: list.indices, using: &generator)]
    }

    private static func hosts(_ generator: inout SeededGenerator) -> HostList {
        var entries = (0..<Int.random(in: 0...4, using: &generator)).map { _ in World.subnet(random(subnets, &generator)) }
        if Int.random(in: 0..<4, using: &generator) == 0 { entries.append(HostEntry(.below(Sketch.name("print.example")))) }
        return Bool.random(using: &generator) ? .only(entries) : .allExcept(entries)
    }

    private static func topology(_ generator: inout SeededGenerator) -> Topology {
        let servers = (0..<Int.random(in: 1...3, using: &generator)).map { number in
            Int.random(in: 0..<4, using: &generator) == 0
                ? VirtualServer(name: "s\(number)", listeners: [])
                : World.server(
                    "s\(number)", anonymous: Bool.random(using: &generator), accounts: random([.none, .all], &generator),
                    computers: hosts(&generator), line: 100 + 10 * number)
        }
        let connectors = (0..<Int.random(in: 1...5, using: &generator)).map { number in
            World.connector(
                "c\(number)", Array(Set((0..<Int.random(in: 1...2, using: &generator)).map { _ in random(spaces, &generator) })),
                cost: Int.random(in: 1...2, using: &generator), relay: Int.random(in: 0..<3, using: &generator) == 0,
                restrictions: Restrictions(
                    byDefault: random([.accept, .accept, .reject], &generator), acceptFrom: [World.group("staff@ours.example")],
                    rejectFrom: Bool.random(using: &generator) ? [World.user("spam@far.example")] : []),
                content: ContentRestrictions(maximumSize: Bool.random(using: &generator) ? ByteCount(100) : nil), line: 200 + 10 * number)
        }
        return Topology(
            hostname: Sketch.name("mail.ours.example"),
            domains: [
                ReceivingDomain(name: Sketch.name("ours.example"), kind: random([.authoritative, .shared(unknownTo: nil)], &generator))
            ],
            virtualServers: servers, connectors: connectors)
    }

    /// Whether mail for a domain that nobody has heard of is accepted from a client without a login.
    private static func isAccepted(_ table: RoutingTable, _ server: VirtualServer, _ client: String) throws -> Bool {
        let address = try #require(IPAddress(parsing: client))
        var facts = Sketch.facts("victim@nobody-has-heard-of-it.invalid")
        facts.size = nil
        facts.origin =
            server.isEdge
            ? .edge(EdgeSession(virtualServer: server.name, clientAddress: address))
            : .submission(SubmissionSession(virtualServer: server.name, clientAddress: address))
        return table.decide(facts, directory: EmptyDirectory()).refusal == nil
    }

    @Test("for thousands of topologies", arguments: 0..<40 as Range<UInt64>)
    func same(block: UInt64) throws {
        var seen: [Bool: Int] = [:]
        for seed in 0..<100 as Range<UInt64> {
            var generator = SeededGenerator(seed: block * 1000 + seed)
            let topology = Self.topology(&generator)
            let table = RoutingTable(topology)
            var isOpen = false
            // Who is listed is a friend: that he may relay opens nothing, unless everyone of his family is, at one server or another.
            var friends: Set<String> = []
            for server in topology.virtualServers {
                let accepted = try Self.clients.filter { try Self.isAccepted(table, server, $0) }
                let hasOpenConnector = topology.connectors.contains { connector in
                    connector.relay && connector.restrictions.byDefault == .accept
                        && connector.addressSpaces.contains { $0.pattern == .any }
                }
                let namesFriends: Bool
                if case .submission(let settings) = server.role, case .only = settings.relay.computers {
                    namesFriends = true
                } else {
                    namesFriends = false
                }
                if namesFriends, !hasOpenConnector {
                    friends.formUnion(accepted)
                } else {
                    isOpen = isOpen || !accepted.isEmpty
                }
            }
            for isIPv6 in [false, true] { isOpen = isOpen || friends.isSuperset(of: Self.clients.filter { $0.contains(":") == isIPv6 }) }
            let violations = OpenRelayProof.violations(of: topology)
            #expect(violations.isEmpty == !isOpen, "seed \(block * 1000 + seed): \(violations)")
            #expect(violations.allSatisfy { !$0.transcript.isEmpty }, "seed \(block * 1000 + seed): \(violations)")
            seen[isOpen, default: 0] += 1
        }
        #expect((seen[true] ?? 0) > 10 && (seen[false] ?? 0) > 10, "\(seen)")
    }
}
