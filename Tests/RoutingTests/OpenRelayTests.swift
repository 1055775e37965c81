import MailVocabulary
import Testing

@testable import Routing

@Suite("No open relay (law 5)")
struct OpenRelayTests {
    private static let names = [
        "a.example", "b.example", "x.a.example", "y.x.a.example", "x.b.example", "example", "a.test", "x.a.test", "test", "z.test",
    ]

    private static func randomSketch(_ random: inout SeededGenerator) -> Sketch {
        var domains: [String: Bool] = [:]
        for name in names where Int.random(in: 0..<4, using: &random) == 0 { domains[name] = Bool.random(using: &random) }
        let connectors = (0..<Int.random(in: 0..<8, using: &random)).map { number in
            let spaces = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let name = names.randomElement(using: &random) ?? "a.example"
                return switch Int.random(in: 0..<5, using: &random) {
                case 0: "*"
                case 1, 2: "*." + name
                default: name
                }
            }
            let isOpen = Int.random(in: 0..<3, using: &random) == 0
            return Sketch.Outline(
                "c\(number)", Array(Set(spaces)).sorted(), Sketch.Kind.allCases.randomElement(using: &random) ?? .dns,
                // `relay: true` for `*` is refused at check.
                relay: isOpen && !spaces.contains("*"), cost: Int.random(in: 1...3, using: &random))
        }
        return Sketch(domains: domains, connectors: connectors)
    }

    /// The rule in the simplest words, apart from the tables under test.
    private static func matches(_ space: String, _ domain: String) -> Bool {
        space == "*" || (space.hasPrefix("*.") ? domain.hasSuffix(space.dropFirst()) : domain == space)
    }

    @Test(
        "a stranger's recipient outside our domains and outside every open space is never accepted", arguments: 0..<300 as Range<UInt64>)
    func neverAccepted(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sketch = Self.randomSketch(&random)
        let table = sketch.table
        for domain in Self.names + ["new.example", "new.a.example", "far.invalid", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            var facts = Sketch.facts("user@" + domain, message: Int64.random(in: 0..<1000, using: &random))
            facts.reversePath =
                [.null, .address(Sketch.address("user@" + domain)), .address(Sketch.address("a@a.example"))]
                .randomElement(using: &random) ?? .null
            let session = EdgeSession(
                virtualServer: "internet",
                clientAddress: IPAddress(
                    ipv4: Bool.random(using: &random) ? 0x7F00_0001 : UInt32.random(in: 0...UInt32.max, using: &random)),
                confirmedHostName: [nil, Sketch.name("a.example"), Sketch.name("localhost")].randomElement(using: &random) ?? nil)
            facts.origin = .edge(session)
            let states = ConnectorStates(down: Set(sketch.connectors.map(\.name).filter { _ in Bool.random(using: &random) }))
            let decision = table.decide(facts, states: states) { _ in .known(KnownRecipient(mailboxes: [facts.recipient])) }
            let open = Set(sketch.connectors.filter { $0.relay && $0.spaces.contains { Self.matches($0, domain) } }.map(\.name))
            if sketch.domains[domain] == nil {
                #expect(decision.routes.allSatisfy { open.contains($0.connector) }, "\(domain): \(decision.trace)")
                if open.isEmpty { #expect(decision.refusal?.words == "550 5.7.1 Relaying denied") }
                // The same when it is decided again.
                let again = table.reroute(facts, to: facts.recipient, from: "c0", states: states) { _ in .unknown }
                #expect(again.routes.allSatisfy { open.contains($0.connector) })
            }
            // Whatever the decision, the trace ends with it.
            #expect(decision.routes.isEmpty == (decision.trace.steps.last?.outcome != .routed))
        }
    }
}
