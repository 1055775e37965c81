import MailVocabulary
import Testing
import TopologyFile

@testable import Explanation

@Suite("What names are")
struct NamesTests {
    private func address(_ text: String) throws -> EmailAddress {
        try #require(CompanionFile.address(text, defaultDomain: School.topology.defaultDomain))
    }

    @Test("an address is a tree of aliases and groups down to mailboxes")
    func tree() throws {
        let explainer = try School.explainer()
        #expect(
            try explainer.recipient(try address("all")) == [
                "all@school.example  group of 2 members", "  sam@school.example  mailbox", "  staff@school.example  group of 2 members",
                "    anna@school.example  mailbox", "    leaders@school.example  group of one member", "      head@school.example  mailbox",
                "3 addresses get it",
            ])
        #expect(
            try explainer.recipient(try address("office")) == [
                "office@school.example  alias", "  front@school.example  alias", "    anna@school.example  mailbox", "1 address gets it",
            ])
        #expect(try explainer.recipient(try address("anna+tag")) == ["anna@school.example  mailbox"])
        #expect(try explainer.recipient(try address("gone")).first == "gone@school.example is not in the directory")
    }

    @Test("a domain is ours or not, and has its connectors in the order of cost")
    func domain() throws {
        let explainer = try School.explainer()
        let far = explainer.domain(try #require(DomainName(parsing: "far.example")))
        #expect(far.first == "far.example is none of our domains: whoever sends there needs permission to relay")
        #expect(far.contains("    address space `*`, cost 1") && far.last == "    address space `*`, cost 20", "\(far)")
        let ours = explainer.domain(try #require(DomainName(parsing: "school.example")))
        #expect(ours.first == "school.example is one of our domains  postern.yaml:6:12", "\(ours)")
        #expect(ours.contains { $0.hasPrefix("connector mailboxes  postern.yaml:") })
    }

    @Test(
        "a word is recognised by its form",
        arguments: [
            ("R-7f3k2", "refusal"), ("R-7f3k2-ab", "refusal"), ("[r-7F3K2]", "refusal"), ("1k0ztak51zs", "message"),
            ("far.example", "domain"),
            ("anna", "recipient"), ("anna@far.example", "recipient"), ("R-7f3k2@school.example", "recipient"),
        ])
    func things(word: String, kind: String) {
        #expect("\(ExplainedThing(word))".hasPrefix(kind), "\(ExplainedThing(word))")
    }

    @Test(
        "who may relay, in a sentence",
        arguments: [
            (#""via":"clients","as":"anna","from":"anna""#, "203.0.113.9, as anna@school.example, may relay at `clients` to far.example"),
            (
                #""via":"clients","as":"sam","from":"sam""#,
                "203.0.113.9, as sam@school.example, may not relay at `clients` to far.example: 550 "
            ),
            (#""via":"internet","from":"<>""#, "203.0.113.9 may not relay at `internet` to far.example: 550 5.7.1"),
        ])
    func relay(facts: String, expected: String) throws {
        let envelope = try School.facts("{\(facts),\"client\":\"203.0.113.9\",\"to\":\"b@far.example\"}")
        #expect(try School.explainer().explain(envelope).relayVerdict.hasPrefix(expected))
    }
}
