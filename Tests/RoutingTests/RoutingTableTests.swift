import Foundation
import MailVocabulary
import Testing

@testable import Routing

/// The table of docs/routing.md: facts on the left, what becomes of them on the right. The page shows the same rows.
@Suite("Facts and decisions, as the page on routing shows them")
struct RoutingTableTests {
    struct Row: Sendable, CustomStringConvertible {
        let via, client, from, to, decision, rule: String

        init(_ via: String, _ client: String, _ from: String, _ to: String, _ decision: String, _ rule: String) {
            (self.via, self.client, self.from, self.to, self.decision, self.rule) = (via, client, from, to, decision, rule)
        }

        var description: String { "| \(via) | \(client) | \(from) | \(to) | \(decision) | \(rule) |" }
    }

    private static let far = "203.0.113.9"

    static let rows = [
        // Ours.
        Row("internet", far, "a@far.example", "anna@school.example", "mailboxes", "1"),
        Row("internet", far, "a@far.example", "gone@school.example", "550 5.1.1", "1"),
        Row("internet", far, "a@far.example", "sam@school.example", "550 5.7.1", "1"),
        Row("internet", far, "anna@school.example", "sam@school.example", "550 5.7.1", "1"),
        Row("clients sam", far, "sam@school.example", "sam@school.example", "mailboxes", "1"),
        Row("internet", far, "a@far.example", "students@school.example", "550 5.7.1", "1"),
        Row("internet", far, "a@far.example", "all@school.example", "mailboxes, mailboxes", "1"),
        Row("clients anna", far, "anna@school.example", "all@school.example", "mailboxes, mailboxes, mailboxes, mailboxes", "1"),
        Row("clients sam", far, "sam@school.example", "head@school.example", "550 5.7.1", "1"),
        Row("clients anna", far, "anna@school.example", "head@school.example", "mailboxes", "1"),
        Row("system", far, "<>", "sam@school.example", "mailboxes", "1"),
        Row("internet", far, "a@far.example", "x@shared.example", "mailboxes", "1"),
        Row("internet", far, "a@far.example", "x@branch.example", "unknown_to:branch.example", "1"),
        // Relay.
        Row("internet", far, "a@far.example", "b@far.example", "550 5.7.1", "2"),
        Row("internet", far, "anna@school.example", "b@far.example", "550 5.7.1", "2"),
        Row("internet", far, "a@far.example", "b@partner.example", "partner", "2a"),
        Row("clients", far, "a@far.example", "b@far.example", "530 5.7.0", "0"),
        Row("clients", far, "a@far.example", "anna@school.example", "530 5.7.0", "0"),
        Row("everyone sam", far, "sam@school.example", "b@far.example", "general", "2b"),
        Row("nobody anna", far, "anna@school.example", "b@far.example", "550 5.7.1", "2b"),
        Row("clients anna", far, "anna@school.example", "b@far.example", "general", "2b"),
        Row("clients sam", far, "sam@school.example", "b@far.example", "550 5.7.1", "2b"),
        Row("printers", "10.1.2.3", "scan@school.example", "b@far.example", "general", "2c"),
        Row("printers", far, "scan@school.example", "b@far.example", "550 5.7.1", "2c"),
        Row("printers", far, "scan@school.example", "b@partner.example", "partner", "2a"),
        Row("closed-printers", "10.1.2.3", "scan@school.example", "b@far.example", "530 5.7.0", "0"),
        Row("closed-printers sam", "10.1.2.3", "sam@school.example", "b@far.example", "general", "2c"),
        Row("system", far, "<>", "a@far.example", "general", "2"),
        // Restrictions.
        Row("clients anna", far, "anna@school.example", "b@project.example", "project", "4"),
        Row("clients tim", far, "tim@school.example", "b@project.example", "project-small", "4"),
        Row("internet", far, "anna@school.example", "b@project.example", "project-small", "2a"),
        Row("system", far, "<>", "b@project.example", "project", "4"),
        Row("internet", far, "spam@far.example", "b@lists.example", "550 5.7.1", "4"),
        Row("internet", far, "spam+x@far.example", "b@lists.example", "550 5.7.1", "4"),
        Row("internet", far, "sam@school.example", "b@lists.example", "550 5.7.1", "4"),
        Row("everyone sam", far, "anna@school.example", "b@lists.example", "550 5.7.1", "4"),
        Row("internet", far, "<>", "b@lists.example", "550 5.7.1", "4"),
        Row("internet", far, "a@far.example", "b@lists.example", "lists", "4"),
    ]

    @Test("each row", arguments: rows)
    func row(_ row: Row) {
        let decision = World.table.decide(
            World.facts(row.via, client: row.client, from: row.from, to: row.to), directory: World.directory())
        #expect(World.outcome(decision) == row.decision, "\(decision.trace)")
        // The rule is one of those that the trace names.
        #expect(decision.trace.steps.contains { $0.rule == row.rule }, "\(decision.trace)")
    }

    @Test("the page shows the same rows, and no others")
    func page() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/routing.md"), encoding: .utf8)
        let shown = page.split(separator: "\n").drop { $0 != "| via | client | from | to | decision | rule |" }.dropFirst(2)
            .prefix { $0.hasPrefix("|") }
        #expect(shown.map(String.init) == Self.rows.map(\.description))
    }
}
