import MailVocabulary
import Testing

@testable import Routing

@Suite("Deciding again for a delivery attempt")
struct RerouteTests {
    static func reroute(
        _ original: String, to address: String? = nil, from connector: String, in sketch: Sketch = DecisionTests.usual,
        down: Set<String> = []
    ) -> Decision {
        sketch.table.reroute(
            Sketch.facts(original), to: Sketch.address(address ?? original), from: connector, states: ConnectorStates(down: down),
            directory: DecisionTests.directory)
    }

    @Test("nothing changed: the same route as at RCPT, for every recipient that was accepted")
    func unchanged() throws {
        for recipient in ["bob@ours.example", "sales@ours.example", "away@ours.example", "x@shared.example", "x@customer.example"] {
            for route in try DecisionTests.decide(recipient).routes {
                let again = Self.reroute(recipient, to: "\(route.address)", from: route.connector)
                #expect(again.routes == [route])
                #expect(!again.trace.steps.contains { if case .routeChanged = $0.finding { true } else { false } })
            }
        }
    }

    @Test("the connector of a queued recipient has vanished: another takes it, and the trace says so")
    func vanished() {
        let decision = Self.reroute("away@ours.example", to: "bob@far.example", from: "old")
        #expect(DecisionTests.routes(decision) == ["bob@far.example general dns:far.example"])
        let texts = decision.trace.steps.map(\.text)
        #expect(texts.contains("connector old, which had it so far, no longer exists"))
        #expect(texts.last == "it leaves old for general")
    }

    @Test("the connector is down: its equal takes it, and it comes back when that is up again")
    func down() throws {
        let first = try #require(try DecisionTests.decide("x@customer.example", in: ChoiceTests.equals).routes.first?.connector)
        let moved = try #require(
            Self.reroute("x@customer.example", from: first, in: ChoiceTests.equals, down: [first]).routes.first?.connector)
        #expect(moved != first)
        #expect(Self.reroute("x@customer.example", from: moved, in: ChoiceTests.equals).routes.map(\.connector) == [first])
    }

    @Test("no route is left, the mailbox is gone, or relay was closed meanwhile: a refusal for the report")
    func refusals() {
        let closed = Sketch(domains: ["ours.example": false], connectors: [.init("mailboxes", ["ours.example"], .maildir)])
        #expect(
            Self.reroute("away@ours.example", to: "bob@far.example", from: "general", in: closed).refusal?.status == "5.4.4")
        #expect(Self.reroute("x@customer.example", from: "open", in: closed).refusal?.status == "5.7.1")
        #expect(Self.reroute("gone@ours.example", from: "mailboxes").refusal?.status == "5.1.1")
    }

    @Test("an address that has become a group meanwhile is not expanded again")
    func notExpandedAgain() {
        let decision = Self.reroute("sales@ours.example", from: "mailboxes")
        #expect(DecisionTests.routes(decision) == ["sales@ours.example mailboxes maildir:mailboxes"])
    }
}
