import MailVocabulary
import Testing
import TopologyFile

@testable import Explanation

@Suite("Files beside the configuration")
struct CompanionFileTests {
    @Test(
        "a line of facts that says something wrong names its place and what would be accepted",
        arguments: [
            (#"{"via":"internet","client":"203.0.113.9","from":"<>"}"#, "facts:7:1: error: to: the key is missing"),
            (#"{"via":"internet","client":"host","from":"<>","to":"anna"}"#, "facts:7:28: error: client: `host` is not an IP address"),
            (#"{"via":"internet","client":"203.0.113.9","from":"","to":"anna"}"#, "error: from: `` is not"),
            (#"{"via":"internet","client":"203.0.113.9","from":"<>","to":"anna","at":"hourly"}"#, "error: at: `hourly` is not a time"),
            (#"{"via":"internet","client":"203.0.113.9","from":"<>","to":"anna","sise":1}"#, "unknown key `sise`; did you mean `size`?"),
            (#"{"via":"internet","client":"203.0.113.9","from":"<>","to":"anna","size":-1}"#, "error: size: `-1` is not a size"),
            (#"{"via":"internet""#, "facts:7:"),
            (#"{"via":"internet","client":"203.0.113.9","from":"<>","to":null}"#, "error: to: the key is missing"),
            (
                #"{"via":"internet","client":"203.0.113.9","from":"<>","to":"anna","down":[null]}"#,
                "error: down[0]: nothing is written here"
            ),
            (#"{"via":"internet","client":"203.0.113.9","from":"<>","to":"anna","sise":null}"#, "unknown key `sise`"),
            (#"[]"#, "error: found a list (accepted: a table with via, client,"),
        ])
    func facts(line: String, expected: String) {
        let failure = #expect(throws: CompanionFile.Failure.self) { try School.facts(line) }
        #expect(failure?.findings.contains { "\($0)".contains(expected) } == true, "\(String(describing: failure))")
    }

    @Test("in a line of facts a null is the same as no key, for every key that may be missing")
    func nulls() throws {
        let needed = #""via":"internet","client":"203.0.113.9","from":"<>","to":"anna""#
        let optional = ["client_name", "as", "size", "priority", "system", "at", "down"]
        let envelope = try School.facts("{\(needed)}")
        for key in optional { #expect(try School.facts("{\(needed),\"\(key)\":null}") == envelope, "\(key)") }
        #expect(try School.facts("{\(optional.map { "\"\($0)\": null," }.joined())\(needed)}").account == nil)
        #expect(try School.facts("{\(needed),\"as\":\"null\"}").account?.localPart == "null")
    }

    @Test("policy tests are read with their places; an unknown key is an error with file, line and column")
    func policyTests() throws {
        func read(_ text: String) throws -> [PolicyTest] {
            try School.withFile(text) { try CompanionFile.policyTests(path: $0, defaultDomain: School.topology.defaultDomain) }
        }
        let tests = try read(
            """
            - { via: internet, client: 203.0.113.9, from: a@far.example, to: b@far.example, expect: refuse }
            - { via: internet, client: "2001:db8::1", from: <>, to: anna, expect: mailboxes }
            - via: internet
              client: 203.0.113.9
              from: a@far.example
              to: anna
              size: 3MiB
              expect: accept
            """)
        #expect(tests.map(\.expectation) == [.refuse, .connector("mailboxes"), .accept])
        #expect(tests.map(\.location.line) == [1, 2, 3])
        #expect(tests[1].envelope.reversePath == .null && tests[2].envelope.size == 3 << 20)
        let failure = #expect(throws: CompanionFile.Failure.self) {
            try read("- { via: internet, client: 203.0.113.9, from: <>, to: anna, expects: refuse }\n")
        }
        #expect(failure?.findings.count == 2)
        #expect(failure?.findings.contains { "\($0)".contains(".yaml:1:61: error: [0].expects: unknown key") } == true)
        #expect(throws: CompanionFile.Failure.self) { try read("[]\n") }
    }

    @Test("an expectation is met by the outcome it names, and a connector only by all final addresses")
    func expectations() throws {
        let explainer = try School.explainer()
        func isMet(_ expectation: PolicyTest.Expectation, _ to: String) throws -> Bool {
            let envelope = try School.facts("{\"via\":\"internet\",\"client\":\"203.0.113.9\",\"from\":\"<>\",\"to\":\"\(to)\"}")
            return PolicyTest(envelope: envelope, expectation: expectation).isMet(by: try explainer.explain(envelope))
        }
        #expect(try isMet(.accept, "anna") && isMet(.connector("mailboxes"), "all") && isMet(.refuse, "b@far.example"))
        #expect(try !isMet(.refuse, "anna") && !isMet(.connector("general"), "anna") && !isMet(.accept, "b@far.example"))
        #expect(try !isMet(.connector("general"), "b@far.example"))
    }

    @Test("a directory that is written and read again is the same, whatever its addresses hold")
    func roundTrip() throws {
        let name = { (text: String) throws in DirectoryDocument.Name(try #require(EmailAddress(parsing: text))) }
        let document = DirectoryDocument(
            users: [try name("anna@school.example"), try name("\"a b\\\"c\"@school.example"), try name("-x@school.example")],
            aliases: [
                .init(try name("away@school.example"), targets: [try name("x@far.example")], isForward: true),
                .init(try name("office@school.example"), targets: [try name("anna@school.example")], isForward: false),
            ],
            groups: [
                .init(try name("empty@school.example"), targets: [], isForward: false),
                .init(try name("*@school.example"), targets: [], isForward: true),
            ])
        let again = try School.document(document.yaml)
        #expect(again.yaml == document.yaml)
        #expect(Set(again.users.map(\.address)) == Set(document.users.map(\.address)), "\(document.yaml)")
        #expect(again.aliases.map(\.isForward) == [true, false] && again.groups.map(\.isForward) == [true, false], "\(document.yaml)")
        #expect(try School.document(DirectoryDocument().yaml) == DirectoryDocument())
    }

    @Test(
        "a directory whose names do not fit together is refused with the place of each",
        arguments: [
            ("users: [anna, anna]", ":1:15: error: users: anna@school.example"),
            ("users: [a@far.example]", ":1:9: error: users:"),
            ("aliases: { a: [b] }", ":1:12: error: aliases:"),
            ("aliases: { a: [b], b: [a] }", "leads in a circle"),
            ("groups: { a: [\"group:b\"], b: [\"group:a\"] }", "error: groups:"),
            ("users: [b]\ngroups: { a: [\"group:b\"] }", ":2:15: error: a@school.example: there is no group b@school.example"),
            ("users: [b]\naliases: { a: [x@far.example] }", ":2:12: error: aliases:"),
        ])
    func misfits(text: String, expected: String) throws {
        let document = try School.document(text)
        let failure = #expect(throws: MemoryDirectory.Failure.self) { try MemoryDirectory.make(document, topology: School.topology) }
        #expect(failure?.findings.contains { "\($0)".contains(expected) } == true, "\(String(describing: failure))")
    }

    @Test("the directory of a running core is taken whole by a configuration that has lost a domain")
    func lostDomain() throws {
        let document = try School.document("users: [anna, b@old.example]\ngroups: { all: [anna, b@old.example] }")
        let directory = try MemoryDirectory.make(document, topology: School.topology, isOfRunningCore: true)
        #expect(try directory.userCount() == 2)
    }
}
