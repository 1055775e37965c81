import MailVocabulary
import Testing

@testable import Routing

@Suite("A trace for people and for programs")
struct TraceTextTests {
    @Test("on a terminal it stays within 80 columns, and names rule, row and place", arguments: RoutingTableTests.rows)
    func terminal(_ row: RoutingTableTests.Row) {
        let facts = World.facts(row.via, client: row.client, from: row.from, to: row.to)
        let text = World.table.decide(facts, directory: World.directory()).trace.text()
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    @Test("what an administrator sees")
    func sight() {
        let facts = World.facts("clients sam", from: "sam@school.example", to: "b@far.example")
        let trace = World.table.decide(facts, directory: World.directory()).trace
        let text = trace.text().replacing(/R-[0-9a-z]{5}-[0-9a-z]{2}/, with: "R-.....")
        #expect(
            text == """
                rule 0  postern.yaml:20:5
                    sam@school.example is logged in → permitted
                rule 1 (E22)
                    far.example is none of our domains
                rule 2b (S19)  postern.yaml:91:5
                    sam@school.example may not relay: `deny` names
                    group:students@school.example
                rule 2c (S17)  postern.yaml:22:5
                    203.0.113.9 may not relay: it is not listed
                rule 2 (S17, S23)  postern.yaml:60:5
                    neither account nor computer may relay, and `relay: true` is not
                    set for what covers the domain: connector general
                    → 550 5.7.1 Relaying denied: you may not send to far.example,
                    which is none of our domains [R-.....]
                """)
    }

    @Test("as data: rule, file, line, outcome")
    func data() {
        let facts = World.facts("internet", to: "b@partner.example")
        let entries = World.table.decide(facts, directory: World.directory()).trace.entries
        #expect(entries.map(\.rule) == ["1", "2a", "3", "5"])
        #expect(entries.map(\.line) == [nil, 72, 71, 70])
        #expect(entries[1].file == "postern.yaml")
        #expect(entries[3].outcome == "connector partner, the only one, next hop direct_first:partner.example")
    }

    @Test("every finding has words")
    func words() {
        for row in RoutingTableTests.rows {
            let facts = World.facts(row.via, client: row.client, from: row.from, to: row.to)
            for step in World.table.decide(facts, directory: World.directory()).trace.steps { #expect(!step.text.isEmpty) }
        }
    }
}
