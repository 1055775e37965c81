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
    func pinned() throws {
        let mark = InstallationMark(value: 0b01010_01011)
        #expect("\(RefusalCode(rule: "2", path: "virtual_servers.internet.relay", installation: mark))" == "R-fdwsb-ab")
        #expect("\(RefusalCode(rule: "1", path: "domains.example.org", installation: mark))" == "R-zpmaf-ab")
    }

    @Test("the end of a code is that of the installation, from its hostname: the same in every release")
    func installation() throws {
        let one = InstallationMark(of: try #require(DomainName(parsing: "mx.example.org")))
        let other = InstallationMark(of: try #require(DomainName(parsing: "mx.example.net")))
        #expect("\(one)" == "kc" && "\(other)" == "hs")
        let code = try #require(RefusalCode(parsing: "R-7f3k2"))
        #expect(code.installation == nil && "\(code.assumed(of: one))" == "R-7f3k2-\(one)")
        let marked = try #require(RefusalCode(parsing: "[r-7F3K2-AB]"))
        #expect("\(marked)" == "R-7f3k2-ab" && "\(marked.withoutInstallation)" == "R-7f3k2" && marked.assumed(of: one) == marked)
    }

    @Test("kind: a code is explained by the rules of its own installation, and one that names none as ours")
    func foreign() throws {
        let facts = Sketch.facts("gone@ours.example")
        let table = Sketch(domains: ["ours.example": false], connectors: [.init("general", ["*"], .dns)]).table
        let code = try #require(table.decide(facts) { _ in .unknown }.refusal).code
        #expect(code.installation == table.installation)
        let foreign = code.withoutInstallation.assumed(of: InstallationMark(value: table.installation.value ^ 1))
        #expect(table.rules(of: code).count == 1 && table.rules(of: code.withoutInstallation).count == 1)
        #expect(table.rules(of: foreign).isEmpty)
    }

    @Test("the text reads back, with brackets and in any case", arguments: ["R-7f3k2", "[R-7f3k2]", "r-7F3K2"])
    func text(_ text: String) throws { #expect("\(try #require(RefusalCode(parsing: text)))" == "R-7f3k2") }

    @Test(
        "anything else is no code",
        arguments: [
            "", "R-", "R-7f3k", "R-7f3k2x", "R-7f3k2-", "R-7f3k2-a", "R-7f3k2-abc", "R-7f3k2-au", "R-7f3k2_ab", "R-7f3k-2ab", "X-7f3k2",
            "[R-7f3k2", "R-7f3ku", "R 7f3k2",
        ])
    func nonsense(_ text: String) { #expect(RefusalCode(parsing: text) == nil) }

    @Test("a thousand connectors share few codes")
    func collisions() {
        let codes = Set(
            (0..<4000).map {
                RefusalCode(rule: "4", path: "connectors.c\($0).restrictions.reject_from", installation: InstallationMark(value: 0))
            })
        #expect(codes.count > 3990)
    }
}
