import Foundation
import MailVocabulary
import Routing
import Testing
import TopologyFile

@testable import Explanation

@Suite("What would become of an envelope")
struct ExplainerTests {
    @Test(
        "facts to decision",
        arguments: [
            (#""via":"internet","from":"a@far.example","to":"anna@school.example""#, "connector mailboxes"),
            (#""via":"internet","from":"a@far.example","to":"b@far.example""#, "550 5.7.1 Relaying denied"),
            (#""via":"internet","from":"a@far.example","to":"nobody""#, "550 5.1.1 Recipient unknown"),
            (#""via":"internet","from":"<>","to":"office""#, "connector mailboxes"),
            (#""via":"clients","from":"anna","to":"b@far.example""#, "530 5.7.0"),
            (#""via":"clients","as":"anna","from":"anna","to":"b@far.example""#, "connector general, next hop dns:far.example"),
            (#""via":"clients","as":"head","from":"head","to":"b@far.example""#, "connector general"),
            (#""via":"clients","as":"sam","from":"sam","to":"b@far.example""#, "550 5.7.1 Relaying denied"),
            (#""via":"clients","as":"sam","from":"anna","to":"anna""#, "550 5.7.1 You may not send as anna@school.example"),
            (#""via":"clients","as":"anna","from":"office","to":"b@far.example""#, "connector general"),
            (#""via":"clients","as":"anna","from":"anna","to":"b@far.example","size":"3MiB""#, "connector backup"),
            (#""via":"clients","as":"anna","from":"anna","to":"b@far.example","size":3145728"#, "connector backup"),
            (#""via":"clients","as":"anna","from":"anna","to":"b@far.example","down":"general""#, "connector backup"),
            (#""via":"clients","as":"anna","from":"anna","to":"b@far.example","down":["general"],"at":"Sun 03:00""#, "connector backup"),
            (#""via":"internet","from":"a@far.example","to":"all""#, "for 3 addresses"),
        ])
    func decisions(facts: String, expected: String) throws {
        let explanation = try School.explainer().explain(try School.facts("{\(facts),\"client\":\"203.0.113.9\"}"))
        #expect(explanation.verdict.contains(expected), "\(explanation.text())")
        #expect(explanation.verdict.hasPrefix(expected.first?.isNumber == true ? "refused: " : "accepted: "))
    }

    @Test("each step stands with its rule and line, and no line is wider than 80 columns")
    func text() throws {
        let facts = #"{"via":"clients","client":"203.0.113.9","as":"anna","from":"anna","to":"b@far.example","size":"3MiB"}"#
        let text = try School.explainer().explain(try School.facts(facts)).text()
        #expect(text.hasPrefix("accepted: connector backup, next hop smart_hosts:backup"))
        #expect(text.contains("rule 2b (S19)  postern.yaml:13"))
        #expect(text.contains("anna@school.example may relay: `grant` names"))
        #expect(text.contains("does not carry it: 3145728 octets, and it\n    takes at most 1MiB"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
    }

    @Test("the kind 'explain claims what delivery does not do': a schedule holds nothing yet, and no line says that it does")
    func schedules() throws {
        for time in ["Sun 03:00", "Tue 12:00"] {
            let facts =
                #"{"via":"clients","client":"203.0.113.9","as":"anna","from":"anna","to":"b@far.example","down":"general","at":"\#(time)"}"#
            let text = try School.explainer().explain(try School.facts(facts)).text(columns: 200)
            #expect(text.hasPrefix("accepted: connector backup, next hop smart_hosts:backup\n"), "\(text)")
            #expect(text.contains("this version does not follow schedules, and the mail goes at once") && !text.contains("held"), "\(text)")
        }
    }

    @Test("the kind 'explain claims what delivery does not do': what is not told of the message is said beside the acceptance")
    func unsaid() throws {
        func text(_ rest: String) throws -> String {
            let facts = "{\"via\":\"clients\",\"client\":\"203.0.113.9\",\"as\":\"anna\",\"from\":\"anna\",\"to\":\"b@far.example\"\(rest)}"
            return try School.explainer().explain(try School.facts(facts)).text(columns: 200)
        }
        #expect(try text("").contains("    the size of the message is not told here, and may forbid it or lead another way\n"))
        #expect(try !text(",\"size\":10").contains("not told"))
    }

    @Test("the kind 'a way round': `same_as` forbids over the other connector, too, and the trace says whose restrictions decided")
    func sameAs() throws {
        let text =
            School.configuration.replacing("content: { maximum_size: 1MiB }", with: "restrictions: { reject_from: [anna] }")
            + "\n    restrictions: { same_as: general }\n"
        let loaded = TopologyFile.parse(Array(text.utf8), path: "postern.yaml")
        let facts = #"{"via":"clients","client":"203.0.113.9","as":"anna","from":"anna","to":"b@far.example"}"#
        let explanation = try School.explainer(try #require(loaded.topology, "\(loaded.findings)")).explain(try School.facts(facts))
        #expect(explanation.verdict.hasPrefix("refused: 550 5.7.1"))
        let words = explanation.text(columns: 200)
        #expect(words.contains("rule 4 (S24)  postern.yaml:26:30"), "\(words)")
        #expect(words.contains("    connector backup has the restrictions of connector general (`same_as`)\n"), "\(words)")
        #expect(words.contains("    connector backup does not carry it: it rejects anna@school.example\n"), "\(words)")
    }

    @Test("as JSON, the decision has all its names, and null where there is nothing")
    func json() throws {
        func members(_ facts: String) throws -> [String: Any] {
            let explanation = try School.explainer().explain(try School.facts(facts))
            return try JSONSerialization.jsonObject(with: try JSONEncoder().encode(explanation)) as? [String: Any] ?? [:]
        }
        let good = try members(#"{"via":"clients","client":"203.0.113.9","as":"anna","from":"anna","to":"b@far.example"}"#)
        #expect(good["decision"] as? String == "accept")
        #expect(good["reply"] is NSNull)
        #expect(good["connector"] as? String == "general")
        #expect(good["candidates"] as? [String] == ["general", "backup"])
        #expect(good["next_hop"] as? String == "dns:far.example")
        let steps = try #require(good["trace"] as? [[String: Any]])
        #expect(steps.contains { $0["rule"] as? String == "2b" && $0["file"] as? String == "postern.yaml" && $0["line"] as? Int == 13 })
        let bad = try members(#"{"via":"internet","client":"203.0.113.9","from":"<>","to":"b@far.example"}"#)
        #expect(bad["decision"] as? String == "refuse")
        #expect((bad["reply"] as? String)?.hasPrefix("550 5.7.1 Relaying denied [R-") == true)
        #expect(bad["connector"] is NSNull && bad["next_hop"] is NSNull)
        #expect(bad["candidates"] as? [String] == [])
    }

    @Test(
        "names that are not there are no decision but an error that says what there is",
        arguments: [
            (#""via":"intranet","from":"<>","to":"anna""#, "there is no virtual server `intranet` (there is: internet, clients)"),
            (#""via":"internet","as":"anna","from":"<>","to":"anna""#, "nobody logs in at `internet`, an edge server"),
            (#""via":"clients","as":"office","from":"<>","to":"anna""#, "there is no user office@school.example"),
            (
                #""via":"internet","from":"<>","to":"anna","down":["isp"]"#,
                "there is no connector `isp` (there is: mailboxes, general, backup)"
            ),
        ])
    func unanswerable(facts: String, expected: String) throws {
        let explainer = try School.explainer()
        let envelope = try School.facts("{\(facts),\"client\":\"203.0.113.9\"}")
        let problem = #expect(throws: Explainer.Unanswerable.self) { try explainer.explain(envelope) }
        #expect(problem.map { "\($0)" }?.hasPrefix("facts:7:1: error: \(expected)") == true, "\(String(describing: problem))")
    }
}
