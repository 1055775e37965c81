import MailVocabulary
import Testing

@testable import Routing

@Suite("Every decision explains itself (law 4)")
struct TraceTests {
    @Test(
        "the trace in words",
        arguments: [
            (
                "x@far.example", [],
                """
                rule 1 (E22): far.example is none of our domains
                rule 2 (S17, S23): CONNECTOR-2 an edge server relays for nobody, and `relay: true` is not set for what covers the domain: \
                connector general → 550 5.7.1 Relaying denied
                """
            ),
            (
                "x@customer.example", [],
                """
                rule 1 (E22): customer.example is none of our domains
                rule 2a (S23): RELAY-4 relay is open to everyone over connector open, and over nothing else here → permitted
                rule 3 (S22): SPACE-4-0 the most specific address space for customer.example is `customer.example`, of connector open
                rule 5 (S22, S25): CONNECTOR-4 connector open, the only one, next hop smart_hosts:open
                """
            ),
            (
                "nobody@ours.example", [],
                """
                rule 1 (E22): DOMAIN-ours.example ours.example is one of our domains, and authoritative
                rule 1 (E22): DOMAIN-ours.example nobody@ours.example is not in the directory → 550 5.1.1 Recipient unknown
                """
            ),
            (
                "away@ours.example", ["general"],
                """
                rule 1 (E22): DOMAIN-ours.example ours.example is one of our domains, and authoritative
                rule 1: away@ours.example is an alias for one address
                rule 1: away@ours.example is a forward to bob@far.example: it needs no relay permission
                rule 3 (S22): SPACE-2-0 the most specific address space for far.example is `*`, of connector general
                rule 5 (S22): CONNECTOR-2 connector general is down and gives way
                rule 5 (S22): CONNECTOR-2 every connector that may carry it is down: the mail waits for general
                rule 5 (S22, S25): CONNECTOR-2 connector general, the only one, next hop dns:far.example
                """
            ),
            (
                "x@shared.example", [],
                """
                rule 1 (E22): DOMAIN-shared.example shared.example is one of our domains, shared with another system
                rule 1 (E22): DOMAIN-shared.example x@shared.example is not in the directory, but its domain is shared: \
                it goes on by routing, without relay permission
                rule 3 (S22): SPACE-1-0 the most specific address space for shared.example is `shared.example`, of connector internal
                rule 5 (S22, S25): CONNECTOR-1 connector internal, the only one, next hop smart_hosts:internal
                """
            ),
        ] as [(String, Set<String>, String)])
    func words(recipient: String, down: Set<String>, expected: String) throws {
        let trace = try DecisionTests.decide(recipient, down: down).trace
        let words = trace.description.replacing(/\ \[R-[0-9a-z]{5}-[0-9a-z]{2}\]/, with: "")
        #expect(words == DecisionTests.usual.resolvingPlaces(in: expected))
    }

    @Test("a group's members and what is left out are told")
    func group() throws {
        let texts = try DecisionTests.decide("sales@ours.example").trace.steps.map(\.text)
        #expect(texts.contains("sales@ours.example is a group of 3 members"))
        #expect(texts.contains("left out: sales@ours.example leads to gone@ours.example, which does not exist"))
        #expect(texts.contains("carol@ours.example is a mailbox"))
    }

    @Test("a group of 10,000 is routed in full, and told in part")
    func bigGroup() {
        let members = (0..<10_000).map { Sketch.address("m\($0)@ours.example") }
        let decision = DecisionTests.usual.table.decide(Sketch.facts("all@ours.example")) { _ in .known(KnownRecipient(mailboxes: members))
        }
        #expect(decision.routes.map(\.address) == members)
        #expect(decision.trace.steps.count == DecisionTrace.maximumSteps)
        #expect(decision.trace.omitted == 29_001)
        #expect(decision.trace.description.hasSuffix("\n… and 29001 more steps"))
    }

    @Test("spreading and cost are named as the reason")
    func choices() throws {
        func last(_ down: Set<String>) throws -> String? {
            try DecisionTests.decide("x@customer.example", in: ChoiceTests.equals, down: down).trace.steps.last?.text
        }
        #expect(try last([])?.contains("one of 3 equals, by the hash of the message id") == true)
        #expect(try last(["a", "b", "c"]) == "connector backup is the next in the order of cost, next hop smart_hosts:backup")
    }
}
