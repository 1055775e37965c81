import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("Refusal codes")
struct RefusalCodeTests {
    @Test("every refusal ends with its code, and the table knows the rule of it", arguments: RoutingTableTests.rows)
    func known(_ row: RoutingTableTests.Row) throws {
        let facts = World.facts(row.via, client: row.client, from: row.from, to: row.to)
        guard let refusal = World.table.decide(facts, directory: World.directory()).refusal else { return }
        #expect("\(refusal.reply)".hasSuffix(" [\(refusal.code)]"))
        #expect(!World.table.rules(of: refusal.code).isEmpty)
    }

    @Test("a code survives a reload that moves every line, and differs from rule to rule")
    func stable() throws {
        func sketch(_ before: [Sketch.Outline]) -> RoutingTable {
            Sketch(domains: ["ours.example": false], connectors: before + [.init("general", ["*"], .dns)]).table
        }
        let old = sketch([])
        let new = sketch([.init("other", ["other.example"], .dns)])
        for recipient in ["x@far.example", "gone@ours.example"] {
            let code = try #require(old.decide(Sketch.facts(recipient)) { _ in .unknown }.refusal).code
            #expect(new.decide(Sketch.facts(recipient)) { _ in .unknown }.refusal?.code == code)
        }
        let codes = Set(
            ["x@far.example", "gone@ours.example"].compactMap { recipient in
                old.decide(Sketch.facts(recipient)) { _ in .unknown }.refusal?.code
            })
        #expect(codes.count == 2)
    }

    @Test("codes are the same in every release: they stand in the logs of years")
    func pinned() {
        #expect("\(RefusalCode(rule: "2", path: "virtual_servers.internet.relay"))" == "R-fdwsb")
        #expect("\(RefusalCode(rule: "1", path: "domains.example.org"))" == "R-zpmaf")
    }

    @Test("the text reads back, with brackets and in any case", arguments: ["R-7f3k2", "[R-7f3k2]", "r-7F3K2"])
    func text(_ text: String) throws { #expect("\(try #require(RefusalCode(parsing: text)))" == "R-7f3k2") }

    @Test("anything else is no code", arguments: ["", "R-", "R-7f3k", "R-7f3k2x", "X-7f3k2", "[R-7f3k2", "R-7f3ku", "R 7f3k2"])
    func nonsense(_ text: String) { #expect(RefusalCode(parsing: text) == nil) }

    @Test("a thousand connectors share few codes")
    func collisions() {
        let codes = Set((0..<4000).map { RefusalCode(rule: "4", path: "connectors.c\($0).restrictions.reject_from") })
        #expect(codes.count > 3990)
    }
}
