import Foundation
import Testing

/// `postern explain` and `postern test` against files and against a running system.
@Suite("A configuration explains itself")
struct ExplainTests {
    private static let envelope = ["--via", "internet", "--client", "127.0.0.1", "--from", "friend@example.org"]

    @Test("explain route says what the running system then does, refusal code included, with the people of that system")
    func running() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        try await postern.addUser("alice@local.test")
        #expect(try await postern.postern(["alias", "add", "info", "alice"]).status == 0)
        #expect(try await postern.postern(["group", "add", "all"]).status == 0)
        #expect(try await postern.postern(["group", "add-member", "all", "info"]).status == 0)
        for recipient in ["alice@local.test", "all@local.test", "bob@local.test", "b@far.test"] {
            let told = try await postern.postern(["explain", "route", "--to", recipient, "--json"] + Self.envelope)
            #expect(told.status == 0, "\(told)")
            let answer = try #require(try JSONSerialization.jsonObject(with: told.output) as? [String: Any])
            let sent = try await Program.run(
                "swaks",
                ["--server", "127.0.0.1:\(postern.port)", "--from", "friend@example.org", "--to", recipient, "--quit-after", "RCPT"])
            #expect((answer["decision"] as? String == "accept") == (sent.status == 0), "\(told.text)\n\(sent.text)")
            if let reply = answer["reply"] as? String { #expect(sent.text.contains("<** \(reply)\n"), "\(reply)\n\(sent.text)") }
        }
        // What is exported answers in the same way when nothing runs.
        let exported = try await postern.postern(["directory", "export"])
        #expect(exported.status == 0 && exported.text.contains("users:\n  - alice@local.test\n"), "\(exported)")
        let live = try await postern.postern(["explain", "route", "--to", "all"] + Self.envelope)
        await postern.stop()
        let directory = try postern.folder.write("directory.yaml", exported.text)
        let offline = try await postern.postern(["explain", "route", "--to", "all", "--directory", directory] + Self.envelope)
        #expect(offline.text == live.text && live.text.hasPrefix("accepted: connector mailboxes"), "\(offline)\n\(live)")
        #expect(!live.text.contains("\u{1B}"))
        let nobody = try await postern.postern(["explain", "route", "--to", "all"] + Self.envelope)
        #expect(nobody.status == 75 && nobody.errors.contains("--directory FILE"), "\(nobody)")
    }

    @Test(
        "the code of a refusal leads to its rule, its count and the envelope; a waiting message tells how it was decided about, then and now"
    )
    func refusal() async throws {
        let postern = try PosternUnderTest(
            rest: """
                connectors:
                  partner:
                    address_spaces: [{ domain: relay.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(try FreePort.take())"] }
                    relay: true
                """)
        try await postern.start()
        func send(to recipient: String) async throws -> Program.Result {
            try await Program.run(
                "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "friend@example.org", "--to", recipient])
        }
        for _ in 0..<2 { #expect(try await send(to: "b@far.test").status != 0) }
        let refused = try await send(to: "c@far.test")
        let code = try #require(refused.text.firstMatch(of: /\[(R-[0-9a-z]{5}-[0-9a-z]{2})\]/)).1
        let told = try await postern.postern(["explain", "refusal", String(code), "--last", "2"])
        #expect(told.status == 0 && told.text.hasPrefix("\(code), revision "), "\(told)")
        #expect(told.text.contains("rule 2  \(postern.folder.path)/postern.yaml:7\n    virtual_servers.internet.relay\n"), "\(told.text)")
        #expect(told.text.contains("refused 3 times since "))
        #expect(told.text.contains("  via internet, client 127.0.0.1\n    from <friend@example.org> to <c@far.test>\n"), "\(told.text)")
        #expect(told.text.components(separatedBy: "to <").count == 3 && told.text.contains("550 5.7.1 Relaying denied [\(code)]"))
        #expect(try await postern.postern(["explain", "refusal", "R-zzzzz"]).status == 67)
        #expect(try await postern.postern(["explain", "refusal", "nonsense"]).status == 64)
        #expect(try await send(to: "d@relay.test").status == 0)
        let row = try await eventually("it waits") { try await postern.queue().first }
        let id = try #require(row["id"] as? String)
        let message = try await postern.postern(["explain", "message", id])
        // A word alone says what it is.
        #expect(try await postern.postern(["explain", id]).text == message.text)
        #expect(try await postern.postern(["explain", "[\(code)]"]).text.hasPrefix("\(code), revision "))
        #expect(try await postern.postern(["explain", "relay.test"]).text.contains("open to strangers (`relay: true`)"))
        #expect(try await postern.postern(["explain", "b@far.test"]).text.hasPrefix("b@far.test is not in the directory\n"))
        let relay = try await postern.postern(["explain", "relay", "--via", "internet", "--client", "10.0.0.1"])
        #expect(relay.status == 0 && relay.text.hasPrefix("10.0.0.1 may not relay at `internet` to elsewhere.invalid: 550 "), "\(relay)")
        #expect(message.status == 0 && message.text.hasPrefix("\(id), received 20"), "\(message)")
        #expect(message.text.contains("    goes to smart_hosts:partner (connector partner)\ndecided by revision "), "\(message.text)")
        #expect(message.text.contains("    rule 2a  \(postern.folder.path)/postern.yaml:") && message.text.hasSuffix(": the same\n"))

        // Another configuration, and another life of the core: what was decided then stays, and what would be decided now stands beside it.
        let path = postern.folder.file("postern.yaml").path
        let old = try String(contentsOfFile: path, encoding: .utf8)
        let closed = old.replacing("relay: true", with: "relay: false")
        try Data("# one more line\n\(closed)".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try await postern.postern(["reload"]).status == 0)
        let later = try await postern.postern(["explain", "message", id]).text
        let (then, now) = (message.text.components(separatedBy: "today, "), later.components(separatedBy: "today, "))
        #expect(then[0] == now[0], "\(later)")
        #expect(now[1].contains("it would be refused: 550 5.7.1 Relaying"), "\(later)")
        await postern.stop()
        try await postern.start()
        #expect(try await postern.postern(["explain", "message", id]).text == later)
        await postern.stop()
    }

    @Test("directory import says what it would change, and with --apply changes it; a file that does not fit changes nothing")
    func importing() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        try await postern.addUser("old@local.test")
        let file = try postern.folder.write("directory.yaml", "users: [anna]\naliases: { info: [anna] }\ngroups: { all: [info] }\n")
        func exported() async throws -> String { try await postern.postern(["directory", "export"]).text }
        let before = try await exported()
        let dry = try await postern.postern(["directory", "import", file])
        #expect(dry.status == 0 && dry.text.hasPrefix("+ user anna@local.test\n"), "\(dry)")
        #expect(dry.errors == "4 changes; nothing is changed yet: --apply makes them\n")
        #expect(try await exported() == before)
        let misfit = try postern.folder.write("misfit.yaml", "users: [nora]\naliases: { info: [nobody] }\n")
        let refused = try await postern.postern(["directory", "import", misfit, "--apply"])
        #expect(refused.status == 65 && refused.errors.contains("misfit.yaml:2:12: error: "), "\(refused)")
        #expect(try await exported() == before)
        let made = try await postern.postern(["directory", "import", file, "--apply"])
        #expect(made.status == 0 && made.text == dry.text && made.errors == "4 changes made\n", "\(made)")
        let merged = try await exported()
        #expect(merged.contains("old@local.test") && merged.contains("all@local.test"), "\(merged)")
        let replaced = try await postern.postern(["directory", "import", file, "--apply", "--replace"])
        #expect(replaced.text == "- user old@local.test, with all passwords\n", "\(replaced)")
        #expect(try await postern.postern(["directory", "import", file, "--replace"]).errors == "nothing to change\n")
        await postern.stop()
    }

    @Test("facts in JSON Lines are answered line by line, and a bad line keeps none of the others from its answer")
    func facts() async throws {
        let postern = try PosternUnderTest()
        let directory = try postern.folder.write("directory.yaml", "users: [alice]\n")
        let facts = """
            {"via":"internet","client":"203.0.113.9","from":"<>","to":"alice"}
            {"via":"internet","client":"203.0.113.9","from":"<>","to":"alice","tö":1}
            {"via":"internet","client":"203.0.113.9","from":"<>","to":"b@far.test"}
            """
        let result = try await postern.postern(["explain", "route", "--facts", "-", "--directory", directory], input: facts)
        let answers = try result.text.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
        #expect(result.status == 65 && answers.count == 3, "\(result)")
        #expect(answers.map { $0["decision"] as? String } == ["accept", nil, "refuse"])
        #expect((answers.dropFirst().first?["error"] as? String)?.hasPrefix("standard input:2:") == true, "\(result.text)")
    }

    @Test("policy tests: 0 where all is as expected; 1 and an explanation where not; 65 with a place where a test is wrong")
    func policyTests() async throws {
        let postern = try PosternUnderTest()
        let directory = try postern.folder.write("directory.yaml", "users: [alice]\n")
        func test(_ expectation: String) async throws -> Program.Result {
            let file = try postern.folder.write(
                "tests.yaml", "- { via: internet, client: 203.0.113.9, from: <>, to: alice, \(expectation) }\n")
            return try await postern.postern(["test", file, "--directory", directory])
        }
        let good = try await test("expect: mailboxes")
        #expect(good.status == 0 && good.text == "1 of 1 as expected\n", "\(good)")
        let different = try await test("expect: refuse")
        #expect(different.status == 1 && different.text.contains("tests.yaml:1:3: expected refuse\n"), "\(different)")
        #expect(different.text.contains("accepted: connector mailboxes") && different.text.hasSuffix("0 of 1 as expected, 1 not\n"))
        let wrong = try await test("expects: refuse")
        #expect(wrong.status == 65 && wrong.errors.contains("unknown key `expects`; did you mean `expect`?"), "\(wrong)")
        let unknown = try await test("expect: general")
        #expect(unknown.status == 65 && unknown.text.contains("tests.yaml:1:3: error: `expect`: there is no connector `general`"))
    }

    @Test("diff: 0 where nothing changes for mail, 1 and the classes where something does; with facts, those envelopes")
    func difference() async throws {
        let postern = try PosternUnderTest()
        let old = postern.configuration
        let text = try String(contentsOfFile: old, encoding: .utf8)
        let new = try postern.folder.write("new.yaml", text.replacing("local.test: authoritative", with: "local.test: shared"))
        let directory = try postern.folder.write("directory.yaml", "users: [alice]\n")
        let facts = try postern.folder.write(
            "facts.json",
            ["alice", "bob"].map { "{\"via\":\"internet\",\"client\":\"203.0.113.9\",\"from\":\"<>\",\"to\":\"\($0)\"}\n" }.joined())
        func diff(_ arguments: String...) async throws -> Program.Result {
            try await Program.run(PosternUnderTest.postern, ["diff"] + arguments)
        }
        let same = try await diff(old, old)
        #expect(same.status == 0 && same.text == "nothing changes for mail\n", "\(same)")
        let changed = try await diff(old, new)
        #expect(changed.status == 1 && changed.text.hasPrefix("domain local.test\n    - authoritative\n"), "\(changed)")
        #expect(changed.text.contains("\n\nvia internet, to a name in local.test that nobody has\n"), "\(changed)")
        let envelopes = try await diff(old, new, "--facts", facts, "--directory", directory)
        #expect(envelopes.status == 1 && envelopes.text.contains("\(facts):2:1: via internet, client 203.0.113.9\n"), "\(envelopes)")
        #expect(!envelopes.text.contains("alice") && envelopes.text.contains("    - refused: 550 5.1.1"), "\(envelopes)")
        #expect(try await diff(old, old, "--facts", facts, "--directory", directory).status == 0)
    }

    @Test("the policy tests of every example deployment hold")
    func deployments() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let all = root.appendingPathComponent("topology").path
        let folders = try FileManager.default.contentsOfDirectory(atPath: all)
        #expect(folders.contains("quickstart") && folders.count >= 5)
        for folder in folders {
            let path = root.appendingPathComponent("topology/\(folder)").path
            let result = try await Program.run(
                PosternUnderTest.postern,
                ["test", "\(path)/policy-tests.yaml", "--config", "\(path)/postern.yaml", "--directory", "\(path)/directory.yaml"])
            #expect(result.status == 0, "\(folder): \(result.text)\(result.errors)")
        }
    }
}
