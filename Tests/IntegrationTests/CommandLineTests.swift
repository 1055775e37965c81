import Foundation
import Testing

/// `postern` as an administrator types it, against files and against a running system.
@Suite("The command line")
struct CommandLineTests {
    // MARK: The configuration alone

    @Test("check: every error with its place and status 78, as text and as JSON Lines; init writes a file without errors, once")
    func check() async throws {
        let postern = try PosternUnderTest()
        let good = try await postern.postern(["check"])
        #expect(good.status == 0 && good.text.isEmpty && good.errors.hasSuffix("no errors\n"), "\(good)")
        try postern.folder.write("postern.yaml", "version: 2\nfrobnicate: 1\nresolver: { hosts_file: nowhere }\n")
        let bad = try await postern.postern(["check"])
        #expect(bad.status == 78)
        #expect(bad.text.contains("postern.yaml:1:10: error: version: 2 is out of range (accepted: 1)\n"))
        #expect(bad.text.contains("postern.yaml:2:1: error: frobnicate: unknown key `frobnicate`"))
        #expect(bad.text.contains("resolver.hosts_file: postern-edge cannot read \(postern.folder.path)/nowhere: no such file"))
        let json = try await postern.postern(["check", "--json"])
        #expect(json.status == 78)
        let findings = try Self.objects(json.text)
        #expect(findings.count == bad.text.split(separator: "\n").count)
        #expect(findings.allSatisfy { $0["severity"] as? String == "error" && $0["line"] is Int && $0["path"] is String })
        let first = postern.folder.file("first.yaml").path
        func initialise(_ arguments: String...) async throws -> Program.Result {
            try await Program.run(PosternUnderTest.postern, ["init"] + arguments)
        }
        #expect(try await initialise("--domain", "example.org", "--config", first).status == 0)
        #expect(try await initialise("--domain", "example.org", "--config", first).status == 71)
        let several = try await initialise("--domain", "example.org", "--domain", "example.net")
        #expect(several.status == 0 && several.text.contains("\n  example.net: authoritative\n"), "\(several)")
        let twice = try await initialise("--domain", "example.org", "--domain", "Example.ORG")
        #expect(twice.status == 64 && twice.errors.contains("is there twice"), "\(twice.errors)")
        let address = try await initialise("--domain", "1.2.3.4")
        #expect(address.status == 64 && address.errors.contains("'1.2.3.4' is not a domain name"), "\(address.errors)")
        #expect(address.errors.contains("Usage: postern init"), "\(address.errors)")
        let long = postern.folder.path + "/" + String(repeating: "x", count: 100)
        try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: false)
        let unusable = try await initialise("--domain", "example.org", "--config", long + "/postern.yaml")
        #expect(unusable.status == 78 && unusable.errors.contains("too long for a socket path"), "\(unusable.errors)")
        #expect(!FileManager.default.fileExists(atPath: long + "/postern.yaml"))
    }

    // MARK: A running system

    @Test("reload --dry-run says what the file would change for mail, changes nothing, and refuses what a reload would")
    func dryRun() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        func dryRun(_ arguments: String...) async throws -> Program.Result {
            try await postern.postern(["reload", "--dry-run"] + arguments)
        }
        let same = try await dryRun()
        #expect(same.status == 0 && same.text == "nothing changes for mail\n", "\(same)")

        let running = try await postern.postern(["status", "--json"]).text
        let partner = #"  partner: { address_spaces: [{ domain: partner.example }], deliver: dns, relay: true }"#
        try postern.write(edge: "", rest: PosternUnderTest.localDomain + "\n" + partner)
        let changed = try await dryRun()
        #expect(changed.status == 1)
        #expect(changed.text.contains("via internet, to somebody in partner.example"), "\(changed)")
        #expect(changed.text.contains("- refused: 550 5.7.1") && changed.text.contains("+ accepted: connector partner"), "\(changed)")
        #expect(
            try Self.objects(running)[0]["revision"] as? String == Self.objects(try await postern.postern(["status", "--json"]).text)[0][
                "revision"] as? String)

        try postern.write(edge: "limits: { recipients: 0 }", rest: PosternUnderTest.localDomain)
        #expect(try await dryRun().status == 78)
        #expect(try await postern.postern(["reload", "--facts", "x", "--directory", "y"]).status == 64)
    }

    @Test("reload takes a good file and refuses a bad one with its errors; beside a bad file, commands go on")
    func reload() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        let good = try await postern.postern(["reload"])
        #expect(good.status == 0 && good.text.hasPrefix("reloaded, revision "), "\(good)")
        try postern.write(edge: "limits: { recipients: 0 }", rest: PosternUnderTest.localDomain)
        let bad = try await postern.postern(["reload"])
        #expect(bad.status == 78)
        #expect(bad.errors.contains("virtual_servers.internet.limits.recipients: a limit of 0 lets nothing through"), "\(bad.errors)")
        let status = try await postern.postern(["status", "--json"])
        #expect(status.status == 0)
        #expect(status.errors.contains("note: the file on disk has errors"), "\(status.errors)")
        #expect(try Self.objects(status.text).first?["hostname"] as? String == "mx.postern.test")
        #expect(try await postern.postern(["user", "add", "alice"]).status == 0)
        // What another daemon could not adopt is refused by the core.
        try postern.write(edge: "", rest: PosternUnderTest.localDomain + "\nresolver: { hosts_file: nowhere }")
        let missing = try await postern.postern(["reload"])
        #expect(missing.status == 78 && missing.errors.contains("postern-edge cannot read"), "\(missing.errors)")
        // One log in two formats could be read by nobody.
        try postern.write(edge: "", rest: PosternUnderTest.localDomain + "\nlogs: { format: text }")
        let format = try await postern.postern(["reload"])
        #expect(format.status == 78 && format.errors.contains("logs.format: a change needs a restart"), "\(format.errors)")
        try postern.write(edge: "limits: { recipients: 5 }", rest: PosternUnderTest.localDomain)
        #expect(try await postern.postern(["reload"]).status == 0)
        await postern.stop()
        let stopped = try await postern.postern(["status"])
        #expect(stopped.status == 75 && stopped.errors.contains("is postern running?"), "\(stopped.errors)")
    }

    @Test("users, credentials, aliases and groups are changed through the core, and refusals are sentences")
    func directory() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        func run(_ words: String, input: String = "") async throws -> Program.Result {
            try await postern.postern(words.split(separator: " ").map(String.init), input: input)
        }
        func refused(_ words: String, input: String = "", _ status: Int32, _ sentence: String) async throws {
            let result = try await run(words, input: input)
            #expect(result.status == status && result.errors.contains(sentence), "\(words): \(result.status) \(result.errors)")
        }
        for user in ["alice", "bob", "carol"] { #expect(try await run("user add \(user)").status == 0) }
        try await refused("user add alice", 65, "alice@local.test already exists as a user")
        try await refused("user add \"a/b\"@local.test", 65, "no folder can have a name with `/`")
        try await refused("user add x@far.test", 65, "in none of the domains")
        #expect(try await run("user passwd carol --password-stdin", input: "secret\n").status == 0)
        try await refused("user passwd dora", input: "secret\n", 65, "there is no login name dora")
        try await refused("user passwd carol", input: "\n", 65, "the password is empty")
        try await refused("user passwd carol", input: String(repeating: "x", count: 1025), 65, "longer than 1024 octets")
        try await refused("credential add carol --name phone --login bob", 65, "belongs to bob@local.test")
        try await refused("credential add carol --name phone --expires 2027-02-30", 64, "that month has the days 1 to 28")
        try await refused("credential add carol --name phone --expires 1960-01-01", 64, "is over already")
        try await refused("credential add carol --name phone --expires 90x", 64, "or a time from now: 90d")
        try await refused("credential add carol --name a+b", 64, "no name of a device")
        try await refused("credential add nobody --name phone", 65, "there is no user nobody@local.test")
        let options = "--login phone --password-stdin --expires 9999-12-31"
        let given = try await run("credential add carol --name phone \(options)", input: "x\n")
        #expect(given.status == 0 && given.text == "user name  phone\n", "\(given)")
        let made = try await run("credential add carol --name tablet --expires 90d")
        #expect(made.status == 0 && made.text.hasPrefix("user name  carol+tablet@local.test\npassword   "), "\(made)")
        try await refused("credential add carol --name tablet", 65, "belongs to carol@local.test")
        try await refused("user add phone", 65, "belongs to carol@local.test")
        let credentials = try Self.objects(try await run("credential list carol --json").text)
        #expect(credentials.compactMap { $0["login_name"] as? String } == ["carol@local.test", "phone", "carol+tablet@local.test"])
        #expect(credentials.compactMap { $0["has_password"] as? Bool } == [true, true, true])
        #expect(credentials.compactMap { $0["recoverable"] as? Bool } == [false, false, false])
        let listed = try await run("credential list carol").text
        #expect(listed.contains("in 90 days") && listed.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(listed)")
        #expect(try await run("credential revoke carol --name tablet").status == 0)
        try await refused("credential revoke carol+tablet", 65, "there is no login name")

        #expect(try await run("alias add office alice").status == 0)
        #expect(try await run("alias add-target office bob carol").status == 0)
        #expect(try await run("alias remove-target office carol").status == 0)
        try await refused("alias add-target office x@far.test", 65, "which only a forward may do")
        let aliases = try Self.objects(try await run("alias list --json").text)
        #expect(aliases.first?["targets"] as? [String] == ["alice@local.test", "bob@local.test"])

        #expect(try await run("group add staff").status == 0)
        try await refused("group add-member staff alice dora", 65, "there is no such user, alias or group")
        #expect(try Self.objects(try await run("group list --json").text).first?["members"] as? [String] == [])
        #expect(try await run("group add-member staff alice office").status == 0)
        try await refused("alias add-target office staff", 65, "that would form a cycle")
        try await refused("user remove alice", 65, "is still a target of office@local.test, staff@local.test")
        let words = ["group", "add-member", "staff"] + (0..<4000).map { "\(String(repeating: "x", count: 60))\($0)" }
        let long = try await postern.postern(words)
        #expect(long.status == 65 && long.errors.contains("octets long"), "\(long.errors)")
        await postern.stop()
    }

    @Test("a group of thousands is made in one command, and shown as one row")
    func thousands() async throws {
        let postern = try PosternUnderTest(rest: PosternUnderTest.localDomain.replacing("authoritative", with: "shared"))
        try await postern.start()
        #expect(try await postern.postern(["group", "add", "all"]).status == 0)
        let members = (0..<4000).map { "member\($0)@local.test" }
        let added = try await postern.postern(["group", "add-member", "all"] + members)
        #expect(added.status == 0, "\(added.errors)")
        let groups = try Self.objects(try await postern.postern(["group", "list", "--json"]).text)
        #expect(groups.count == 1)
        #expect((groups.first?["members"] as? [String]).map(Set.init) == Set(members))
        await postern.stop()
    }

    @Test("the queue, status and metrics of mail that waits")
    func queue() async throws {
        let postern = try PosternUnderTest(
            rest: """
                connectors:
                  partner:
                    address_spaces: [{ domain: relay.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(try FreePort.take())"] }
                    relay: true
                """)
        try await postern.start()
        let sent = try await Program.run(
            "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", "user@relay.test"])
        #expect(sent.status == 0, "\(sent.text)")
        let row = try await eventually("the recipient is tried and waits") {
            try await postern.queue().first { $0["last_error"] is String }
        }
        #expect(
            Set(row.keys) == [
                "id", "state", "reverse_path", "recipient", "written_to", "connector", "next_hop", "received_at", "next_attempt_at",
                "attempts",
                "last_error", "size",
            ])
        #expect(row["state"] as? String == "retry" && row["reverse_path"] as? String == "sender@source.test")
        #expect(row["connector"] as? String == "partner" && row["next_hop"] as? String == "smart_hosts:partner")
        let id = try #require(row["id"] as? String)
        let shown = try await postern.postern(["queue", "show", id])
        #expect(shown.status == 0 && shown.text.contains("user@relay.test"), "\(shown)")
        #expect(try await postern.postern(["queue", "show", "00000000000"]).status == 67)
        #expect(try await postern.postern(["queue", "show", "nonsense"]).status == 64)
        let status = try #require(try Self.objects(try await postern.postern(["status", "--json"]).text).first)
        #expect(status["messages"] as? Int == 1 && status["recipients"] as? Int == 1 && status["accepted_messages"] as? Int == 1)
        #expect(status["paused_next_hop_count"] as? Int == (status["paused_next_hops"] as? [Any])?.count)
        let metrics = try await postern.postern(["metrics"])
        #expect(metrics.text.contains("postern_messages_accepted_total 1\n"), "\(metrics.text)")
        #expect(metrics.text.contains("postern_queue_messages 1\n"), "\(metrics.text)")
        let revision = try #require(status["revision"] as? String)
        #expect(metrics.text.contains("\npostern_configuration_info{revision=\"\(revision)\"} 1\n"), "\(metrics.text)")
        #expect(metrics.text.contains("\npostern_queue_oldest_message_age_seconds "), "\(metrics.text)")
        await postern.stop()
    }

    private static func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
    }
}
