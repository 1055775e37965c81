import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("Deciding again at the end of the data")
struct EndOfDataTests {
    private static func confirm(_ facts: RecipientFacts, _ change: (inout RecipientFacts) -> Void) -> Decision {
        let routes = World.table.decide(facts, directory: World.directory()).routes
        var later = facts
        change(&later)
        return World.table.confirm(later, routes: routes, directory: World.directory())
    }

    @Test("the true size moves a message to a connector that takes it, or refuses it")
    func size() {
        var facts = World.facts("internet", to: "b@project.example")
        facts.size = 10
        #expect(World.outcome(Self.confirm(facts) { $0.size = 20 }) == "project-small")
        #expect(World.outcome(Self.confirm(facts) { $0.size = 2 << 20 }) == "552 5.3.4")
    }

    @Test("priority and type, known from the header only, refuse in the dialogue")
    func header() {
        let facts = World.facts("internet", to: "b@lists.example")
        #expect(World.outcome(Self.confirm(facts) { $0.priority = .high }) == "550 5.7.1")
        #expect(World.outcome(Self.confirm(facts) { $0.isAutomatic = true }) == "550 5.7.1")
        #expect(World.outcome(Self.confirm(facts) { ($0.priority, $0.isAutomatic) = (.normal, false) }) == "lists")
    }

    @Test("a group's members keep their routes, and the trace says that it is the end of the data")
    func group() {
        let decision = Self.confirm(World.facts("clients anna", from: "anna@school.example", to: "all@school.example")) { $0.size = 5 }
        #expect(decision.routes.count == 4)
        #expect(decision.trace.steps.first?.text == "decided again at the end of the data, for anna@school.example")
    }

    @Test("recipients of E06's host and forwards stay where they are")
    func elsewhere() {
        #expect(
            World.outcome(Self.confirm(World.facts("internet", to: "x@branch.example")) { $0.size = 5 }) == "unknown_to:branch.example")
    }

    @Test("where no connector looks at content, nothing is decided again")
    func unrestricted() {
        let table = DecisionTests.usual.table
        #expect(!table.restrictsContent)
        let facts = Sketch.facts("bob@ours.example")
        let routes = table.decide(facts, directory: { DecisionTests.directory($0) }).routes
        let directory = SketchDirectory()
        #expect(table.confirm(facts, routes: routes, directory: directory).routes == routes)
        #expect(directory.asked.isEmpty)
    }
}
