import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("Rule 4: permitted connectors")
struct RestrictionTests {
    private static func decide(_ facts: RecipientFacts, states: ConnectorStates = .allUp) -> Decision {
        World.table.decide(facts, states: states, directory: World.directory())
    }

    @Test("size alone forbids: 552 5.3.4; size that is not known forbids nothing")
    func size() throws {
        var facts = World.facts("internet", to: "b@project.example")
        facts.size = nil
        #expect(World.outcome(Self.decide(facts)) == "project-small")
        facts.size = 1 << 20
        #expect(World.outcome(Self.decide(facts)) == "project-small")
        facts.size = 1 << 20 + 1
        // A stranger may use project-small only, by rule 2a.
        #expect(World.outcome(Self.decide(facts)) == "552 5.3.4")
        // tim is rejected by one, and too large for the other: size is not the only reason.
        facts.origin = World.origin("clients tim")
        #expect(World.outcome(Self.decide(facts)) == "550 5.7.1")
    }

    @Test("priority and type restrict once they are known; the null reverse-path is a system message at once")
    func content() {
        var facts = World.facts("internet", to: "b@lists.example")
        #expect(World.outcome(Self.decide(facts)) == "lists")
        facts.priority = .high
        #expect(World.outcome(Self.decide(facts)) == "550 5.7.1")
        facts.priority = .low
        facts.isAutomatic = true
        #expect(World.outcome(Self.decide(facts)) == "550 5.7.1")
        facts.isAutomatic = false
        #expect(World.outcome(Self.decide(facts)) == "lists")
        facts.reversePath = .null
        #expect(World.outcome(Self.decide(facts)) == "550 5.7.1")
    }

    @Test("a connector that is down gives way to the next permitted one only; if all permitted are down, the mail waits for the first")
    func down() {
        let facts = World.facts("clients anna", from: "anna@school.example", to: "b@project.example")
        #expect(World.outcome(Self.decide(facts)) == "project")
        #expect(World.outcome(Self.decide(facts, states: ConnectorStates(down: ["project"]))) == "project-small")
        #expect(World.outcome(Self.decide(facts, states: ConnectorStates(down: ["project", "project-small"]))) == "project")
        let tim = World.facts("clients tim", from: "tim@school.example", to: "b@project.example")
        #expect(World.outcome(Self.decide(tim, states: ConnectorStates(down: ["project-small"]))) == "project-small")
    }

    @Test("the directory is asked about groups only where a rule that is looked at names one")
    func lazy() {
        let questions = { (facts: RecipientFacts) in
            let directory = World.directory()
            _ = World.table.decide(facts, directory: directory)
            return directory.asked.filter { $0.hasPrefix("groups") }
        }
        #expect(questions(World.facts("everyone anna", to: "b@far.example")) == [])
        #expect(questions(World.facts("internet", to: "b@partner.example")) == [])
        #expect(questions(World.facts("clients anna", to: "b@far.example")) == ["groups anna@school.example"])
        #expect(questions(World.facts("clients anna", to: "b@project.example")) == ["groups anna@school.example"])
        // A stranger's reverse-path is in no group of ours.
        #expect(questions(World.facts("internet", to: "b@lists.example")) == [])
        #expect(questions(World.facts("internet", from: "sam@school.example", to: "b@lists.example")) == ["groups sam@school.example"])
    }

    @Test("logged-in people are told the policy in plain words, strangers get the short code only")
    func words() throws {
        let told = try #require(Self.decide(World.facts("everyone sam", to: "b@lists.example")).refusal)
        #expect(told.words == "550 5.7.1 You may not send to lists.example: mail from group:students@school.example is not carried there")
        let stranger = try #require(Self.decide(World.facts("internet", from: "spam@far.example", to: "b@lists.example")).refusal)
        #expect(stranger.words == "550 5.7.1 Not permitted to send to this domain")
        #expect(told.code == stranger.code)
        let relay = try #require(Self.decide(World.facts("clients sam", to: "b@far.example")).refusal)
        #expect(relay.words == "550 5.7.1 Relaying denied: you may not send to far.example, which is none of our domains")
        let head = try #require(Self.decide(World.facts("clients sam", to: "head@school.example")).refusal)
        #expect(head.words == "550 5.7.1 You may not write to head@school.example: it takes mail from certain senders only")
    }

    @Test("no refusal of a stranger names anything of ours", arguments: RoutingTableTests.rows)
    func noNames(_ row: RoutingTableTests.Row) {
        guard row.via.split(separator: " ").count == 1 else { return }
        let facts = World.facts(row.via, client: row.client, from: row.from, to: row.to)
        guard let refusal = Self.decide(facts).refusal else { return }
        for name in World.topology.connectors.map(\.name) + World.topology.virtualServers.map(\.name) + ["school", "staff", "students"] {
            #expect(!refusal.words.contains(name), "\(refusal)")
        }
    }

    @Test("what is told stays within a reply line, and in ASCII")
    func bounded() throws {
        let long = String(repeating: "ü", count: 110)
        var facts = World.facts("clients anna", from: "anna@school.example", to: "b@far.example")
        facts.reversePath = .address(try #require(EmailAddress(parsing: "\(long)@school.example")))
        guard case .submission(let session) = facts.origin else { return }
        let verdict = World.table.decideSender(session, reversePath: facts.reversePath, directory: World.directory())
        let line = try #require(verdict.refusal).reply.lines[0]
        #expect(line.utf8.count <= 420 && line.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }
}
