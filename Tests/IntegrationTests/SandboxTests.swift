import Foundation
import Testing

/// `postern up --sandbox`: everything works under it, and from within it what a role does not need is refused.
@Suite("The sandbox of each daemon", .enabled(if: geteuid() == 0, "only root can give the daemons accounts"))
struct SandboxTests {
    /// What the kernel of this machine has: the log of the launcher says so.
    private static func held(_ postern: AccountsUnderTest) async throws -> String {
        let result = try await Program.succeed(
            PosternUnderTest.postern,
            ["confine", "core", "--config", postern.postern.configuration, "--", try Program.find("true")])
        return result.text + result.errors
    }

    @Test("mail in, a login, mail out, a reload and the death of each daemon: all as without it")
    func flow() async throws {
        let under = try await AccountsUnderTest()
        do {
            _ = try await under.start(options: ["--sandbox"])
            let server = under.server
            let relayed = """
                @anna \(server.securePort) 127.0.0.1
                TLS
                S: 220
                C: EHLO client.test
                S: 250
                AUTH SCRAM-SHA-256 anna \(SubmissionUnderTest.password)
                S: 235
                \(SubmissionUnderTest.transaction(from: "anna@local.test", to: "x@far.test", "bert@local.test"))
                """
            #expect(try await server.play(relayed) == "")
            _ = try await under.postern.wait(for: 2, messagesFor: "bert")
            _ = try await eventually("the world has it; the log:\n\(under.postern.logText)") {
                try await under.postern.queue().isEmpty ? true : nil
            }
            // No report that it could not be delivered.
            #expect(try under.postern.messages(for: "anna").isEmpty)
            let reloaded = try await under.postern.postern(["reload"])
            #expect(reloaded.status == 0, "\(reloaded.errors)")

            for role in AccountsUnderTest.roles {
                let process = try under.processID(of: role)
                kill(process, SIGKILL)
                _ = try await eventually("another postern-\(role)") {
                    let now = try under.postern.processID(of: "postern-\(role)")
                    return now != nil && now != process ? true : nil
                }
            }
            _ = try await eventually(within: 60, "a login and mail after it") { try await server.play(relayed).isEmpty ? true : nil }
            _ = try await under.postern.wait(for: 3, messagesFor: "bert")
            #expect(!under.postern.logText.contains("cannot be held to its bounds"))
        } catch {
            await under.stop()
            throw Program.Failed(description: "\(error)\nthe log:\n\(under.postern.logText.suffix(6000))")
        }
        await under.stop()
    }

    @Test("from within: no Internet for core, auth and mailbox, nothing to write for those who face it, and no way out")
    func bounds() async throws {
        let under = try await AccountsUnderTest()
        let message = try await under.start()
        let folder = under.postern.folder.path
        let held = try await Self.held(under)
        let hasFiles = held.contains("files (Landlock")
        for role in AccountsUnderTest.roles {
            func attempt(_ table: [(action: String, outcomes: Set<String>)]) async throws {
                let said = try await under.attempt(table.map(\.action), as: role, sandboxed: true)
                #expect(said.count == table.count)
                for (row, outcome) in zip(table, said) {
                    #expect(row.outcomes.contains(outcome), "\(role): \(row.action): \(outcome); \(held)")
                }
            }
            if held.contains("system calls (seccomp)") {
                let none: Set<String> = ["core", "auth", "mailbox"].contains(role) ? ["EAFNOSUPPORT"] : ["ok"]
                let port = under.postern.port
                try await attempt([
                    ("listen AF_INET 127.0.0.1", none), ("listen AF_INET6 ::", none), ("tcp 127.0.0.1 \(port)", none),
                    ("socket AF_INET", none), ("socket AF_PACKET", ["EAFNOSUPPORT"]), ("mount", ["EPERM"]), ("unshare", ["EPERM"]),
                    ("trace 1", ["EPERM"]),
                ])
                // The same by other doors: namespaces by clone(2), whose younger form a filter cannot read; keys typed into a terminal;
                // families of sockets that nobody thought of.
                try await attempt([
                    ("clone 10000000", ["EPERM"]), ("clone 40000000", ["EPERM"]), ("clone 00020000", ["EPERM"]), ("clone 0", ["ok"]),
                    ("clone3", ["ENOSYS"]), ("terminal TIOCSTI", ["EPERM"]), ("terminal TIOCLINUX", ["EPERM"]),
                    ("socket AF_ALG", ["EAFNOSUPPORT"]), ("socket AF_VSOCK", ["EAFNOSUPPORT"]), ("socket AF_CAN", ["EAFNOSUPPORT"]),
                    ("socket AF_KEY", ["EAFNOSUPPORT"]), ("socket AF_TIPC", ["EAFNOSUPPORT"]), ("socket AF_QIPCRTR", ["EAFNOSUPPORT"]),
                ])
            }
            if hasFiles {
                let own = (state: role == "core", mail: role == "mailbox")
                try await attempt([
                    ("write /tmp", ["EACCES"]), ("write \(folder)", ["EACCES"]), ("write /dev/shm", ["EACCES"]),
                    ("write \(folder)/state", own.state ? ["ok"] : ["EACCES"]),
                    ("list \(folder)/state", own.state ? ["ok"] : ["EACCES"]),
                    ("write \(folder)/mail/local.test/bert/new", own.mail ? ["ok"] : ["EACCES"]),
                    ("read \(message)", own.mail ? ["ok"] : ["EACCES"]),
                ])
            }
            let socket = role == "core" ? "control" : role
            try await attempt([("connect \(folder)/run/\(socket).sock", ["ok"])])
        }
        await under.stop()
    }

    /// A launcher for which the kernel has not got that.
    private static func kernel(without missing: String) throws -> [String] {
        [try Program.find("python3"), Program.script("kernel_without"), missing]
    }

    @Test(
        "what this kernel lacks is said for each daemon, and the rest holds and works",
        arguments: [("landlock", "files (Landlock 2, Linux 5.19 or later with it enabled)"), ("seccomp", "system calls (seccomp)")])
    func lacking(missing: String, said: String) async throws {
        let postern = try PosternUnderTest()
        try await postern.start(options: ["--sandbox"], launcher: Self.kernel(without: missing))
        try await postern.addUser("alice@local.test")
        try await Program.succeed(
            "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "friend@example.org", "--to", "alice@local.test"])
        _ = try await postern.wait(for: 1, messagesFor: "alice")
        for role in ["core", "edge", "delivery", "mailbox"] {
            let line = try #require(postern.logText.split(separator: "\n").first { $0.contains("\(role) is held to its bounds: ") })
            #expect(line.contains("missing: ") && line.contains(said) && line.contains("no new privileges"), "\(line)")
        }
        await postern.stop()
    }

    @Test("a kernel that has nothing of it: postern up --sandbox says so, ends with 71 and starts nothing")
    func impossible() async throws {
        let postern = try PosternUnderTest()
        let words = try Self.kernel(without: "landlock,seccomp") + [PosternUnderTest.postern]
        let result = try await Program.run(
            words[0], Array(words.dropFirst()) + ["up", "--sandbox", "--config", postern.configuration])
        #expect(result.status == 71 && result.text.isEmpty, "\(result)")
        #expect(result.errors.hasPrefix("postern: --sandbox: this kernel has neither Landlock"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: postern.folder.file("state").path))
    }

    @Test("a reload that would need folders beyond the bounds is refused by the core, so that all keep the old file and mail goes on")
    func reload() async throws {
        let postern = try PosternUnderTest()
        try await postern.start(options: ["--sandbox"])
        try await postern.addUser("alice@local.test")
        let old = try String(contentsOfFile: postern.configuration, encoding: .utf8)
        let elsewhere = try TemporaryFolder()
        try postern.folder.write("postern.yaml", old.replacing("\"mail/{domain}/{user}\"", with: "\"\(elsewhere.path)/{user}\""))
        let refused = try await postern.postern(["reload"])
        #expect(refused.status == 78, "\(refused)")
        #expect(
            refused.errors.contains("postern-mailbox would have to write to \(elsewhere.path), and --sandbox holds it to the folders"),
            "\(refused.errors)")
        try await Program.succeed(
            "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "friend@example.org", "--to", "alice@local.test"])
        _ = try await postern.wait(for: 1, messagesFor: "alice")
        // Within the bounds it is taken.
        try postern.folder.write("postern.yaml", old.replacing("\"mail/{domain}/{user}\"", with: "\"mail/new/{user}\""))
        let taken = try await postern.postern(["reload"])
        #expect(taken.status == 0, "\(taken.errors)")
        await postern.stop()
    }
}
