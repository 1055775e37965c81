import MailVocabulary
import Testing
import Topology

@testable import Routing

/// What a group leads to is decided about by class. The reference here decides about each member by itself, by the same rules.
@Suite("Kind: a group is decided about as each of its members is (law 4)")
struct MemberClassTests {
    private static let members = [
        "anna@school.example", "tim@school.example", "head@school.example", "sam@school.example", "nobody@shared.example",
        "sam@shared.example", "old@gone.example",
    ]
    private static let outside = [
        "x@far.example", "y@far.example", "z@other.example", "x@project.example", "y@project.example", "x@lists.example",
        "x@partner.example",
        "y@partner.example", "x@[192.0.2.7]", "x@[192.0.2.8]", "missing@school.example", "here@shared.example", "there@branch.example",
        "else@branch.example",
    ]

    private struct Random {
        var generator: SeededGenerator

        mutating func some<Value>(_ values: [Value]) -> [Value] {
            values.filter { _ in Bool.random(using: &generator) }.shuffled(using: &generator)
        }
        mutating func one<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &generator)] }

        mutating func known() -> KnownRecipient {
            let group = World.address("all@school.example")
            return KnownRecipient(
                steps: [.init(.group, group, count: 9)], mailboxes: some(MemberClassTests.members).map(World.address),
                outside: some(MemberClassTests.outside).map { .init(World.address($0), via: group) },
                problems: one([[], ["all@school.example leads to x@school.example, which does not exist"]]))
        }

        mutating func facts() -> RecipientFacts {
            var facts = World.facts(
                one(["internet", "clients anna", "clients sam", "everyone tim", "everyone head", "printers", "system"]),
                from: one(["a@far.example", "spam@far.example", "<>"]), to: "all@school.example")
            facts.size = one([nil, 10, 2 << 20])
            facts.priority = one([nil, .high, .normal])
            facts.isAutomatic = one([nil, true, false])
            facts.message = QueueID(value: Int64.random(in: 1...1000, using: &generator))
            return facts
        }

        mutating func states() -> ConnectorStates { ConnectorStates(down: Set(some(["general", "project", "mailboxes"]))) }
    }

    private static let seeds = Array(0..<300 as Range<UInt64>)

    @Test("the same routes, refusal and steps at RCPT, for every sender", arguments: seeds)
    func recipient(seed: UInt64) throws {
        var random = Random(generator: SeededGenerator(seed: seed))
        let (known, facts, states) = (random.known(), random.facts(), random.states())
        let (table, directory) = (World.table, World.directory())
        var reference = DecisionCourse(table: table, facts: facts, states: states)
        if case .submission(let session) = facts.origin { _ = reference.admits(session) }
        let standing = reference.findStanding(of: facts.recipient)
        let domain = try #require(standing)
        // What the rules say of the recipient itself comes first, as in a decision.
        let alone = table.decide(facts, states: states, directory: SketchDirectory(groups: World.memberships) { _ in .known(known) })
        if alone.trace.steps.contains(where: { if case .mayBeWrittenTo = $0.finding { true } else { false } }) {
            reference.trace.append(.mayBeWrittenTo(facts.recipient))
        }
        reference.follow(known, nil, in: domain, directory)
        let decision = table.decide(
            facts, states: states, directory: SketchDirectory(groups: World.memberships) { _ in .known(known) })
        #expect(Array(decision.routes) == Array(reference.decision.routes), "\(decision.trace)")
        #expect(decision.refusal == reference.decision.refusal)
        #expect(decision.trace.steps == reference.trace.steps)
        #expect(decision.trace.count == reference.trace.count)
        for count in [0, 1, 5, 8, 40] { #expect(decision.trace.last(count) == Array(reference.trace.steps.suffix(count))) }
        #expect(decision.routes.count == Array(decision.routes).count)
    }

    @Test("what was arranged for one sender is right for every other", arguments: seeds)
    func arranged(seed: UInt64) {
        var random = Random(generator: SeededGenerator(seed: seed))
        let known = random.known()
        let table = World.table
        let destinations = Destinations(known, by: table, directory: World.directory())
        for _ in 0..<5 {
            let (facts, states) = (random.facts(), random.states())
            func decide(_ answer: DirectoryAnswer) -> Decision {
                table.decide(facts, states: states, directory: SketchDirectory(groups: World.memberships) { _ in answer })
            }
            #expect(decide(.arranged(destinations)) == decide(.known(known)))
            // Also by another table than that of the classes.
            #expect(
                RoutingTable(World.topology).decide(facts, states: states) { _ in .arranged(destinations) }.routes.count
                    == RoutingTable(World.topology).decide(facts, states: states) { _ in .known(known) }.routes.count)
        }
    }

    @Test("the same routes, refusal and steps at the end of the data", arguments: seeds)
    func endOfData(seed: UInt64) {
        var random = Random(generator: SeededGenerator(seed: seed))
        let (known, table) = (random.known(), World.table)
        var facts = random.facts()
        (facts.size, facts.priority, facts.isAutomatic) = (nil, nil, nil)
        let directory = SketchDirectory(groups: World.memberships) { recipient in
            recipient == facts.recipient
                ? .known(known) : known.mailboxes.contains(recipient) ? .known(KnownRecipient(mailboxes: [recipient])) : .unknown
        }
        let decision = table.decide(facts, directory: directory)
        guard decision.refusal == nil else { return }
        facts.size = random.one([10, 2 << 20])
        facts.priority = random.one([.high, .normal])
        facts.isAutomatic = random.one([true, false])
        let listed = table.confirm(facts, routes: RoutedRecipients(Array(decision.routes)), directory: directory)
        let shared = table.confirm(facts, routes: decision.routes, directory: directory)
        #expect(shared == listed, "\(shared.trace)\n\n\(listed.trace)")
        // A configuration that came in between has classes of its own.
        #expect(RoutingTable(World.topology).confirm(facts, routes: decision.routes, directory: directory) == listed)
    }

    @Test("a group of 10,000 costs a decision no more than its classes")
    func classes() {
        let known = KnownRecipient(
            mailboxes: (0..<10_000).map { Sketch.address("m\($0)@school.example") },
            outside: (0..<10_000).map { .init(Sketch.address("m@d\($0).example"), via: Sketch.address("all@school.example")) })
        let destinations = Destinations(known, by: World.table, directory: World.directory())
        #expect(destinations.groups.count == 2 && destinations.count == 20_000)
        let decision = World.table.decide(World.facts("internet", to: "all@school.example")) { _ in .arranged(destinations) }
        #expect(decision.routes.count == 20_000 && decision.trace.isLong)
        #expect(decision.routes.first?.nextHop == .lmtp(connector: "mailboxes"))
        #expect(Array(decision.routes).last?.nextHop == .domain(Sketch.name("d9999.example")))
    }
}
