import Foundation
import Testing

/// `postern-core` alone, as a unit of its own starts it.
@Suite("Starts of the core")
struct CoreStartTests {
    private static func configuration(state: String, runtime: String) -> String {
        """
        version: 1
        hostname: mx.postern.test
        default_domain: local.test
        state_directory: \(state)
        runtime_directory: \(runtime)
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:2525"] }
        \(PosternUnderTest.localDomain)
        """
    }

    @Test(
        "a second core on the same state, or the same sockets, ends at once, says which folder is in use, and leaves the first alone",
        arguments: [("state", "other-run"), ("other-state", "run")])
    func secondCore(state: String, runtime: String) async throws {
        let folder = try TemporaryFolder()
        let first = try folder.write("first.yaml", Self.configuration(state: "state", runtime: "run"))
        let second = try folder.write("second.yaml", Self.configuration(state: state, runtime: runtime))
        let log = folder.file("log").path
        let core = try ChildProcess("\(PosternUnderTest.executables)/postern-core", ["--config", first], output: log, errors: log)
        defer { core.signal(SIGKILL) }
        func answers() async throws -> Bool {
            try await Program.run(PosternUnderTest.postern, ["status", "--json", "--config", first]).status == 0
        }
        _ = try await eventually("the first core answers") { try await answers() ? true : nil }

        let refused = try await Program.run("\(PosternUnderTest.executables)/postern-core", ["--config", second])
        #expect(refused.status == 71)
        let inUse = state == "state" ? "state" : "run"
        #expect("\(refused.text)\(refused.errors)".contains("\(folder.path)/\(inUse) is in use by another postern-core"), "\(refused)")

        #expect(core.isRunning)
        #expect(try await answers())
        core.signal(SIGTERM)
        #expect(await core.ended() == 0)
        // What is left of the first does not keep the next one out.
        let next = try ChildProcess("\(PosternUnderTest.executables)/postern-core", ["--config", second], output: log, errors: log)
        defer { next.signal(SIGKILL) }
        _ = try await eventually("the next core answers") {
            try await Program.run(PosternUnderTest.postern, ["status", "--json", "--config", second]).status == 0 ? true : nil
        }
        next.signal(SIGTERM)
        #expect(await next.ended() == 0)
    }

    /// Runs a core until it answers, and ends it.
    private func runOnce(_ configuration: String, log: String) async throws {
        let core = try ChildProcess("\(PosternUnderTest.executables)/postern-core", ["--config", configuration], output: log, errors: log)
        defer { core.signal(SIGKILL) }
        _ = try await eventually("the core answers") {
            try await Program.run(PosternUnderTest.postern, ["status", "--json", "--config", configuration]).status == 0 ? true : nil
        }
        core.signal(SIGTERM)
        #expect(await core.ended() == 0)
    }

    @Test("a core whose queue is missing ends with 78 and says what to do; given up, it is made anew", arguments: ["queue", "directory"])
    func missingDatabase(database: String) async throws {
        let folder = try TemporaryFolder()
        let configuration = try folder.write("postern.yaml", Self.configuration(state: "state", runtime: "run"))
        let log = folder.file("log").path
        try await runOnce(configuration, log: log)
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(at: folder.file("state/\(database).sqlite\(suffix)"))  // Some are not there.
        }
        let refused = try await Program.run("\(PosternUnderTest.executables)/postern-core", ["--config", configuration])
        #expect(refused.status == 78)
        #expect("\(refused.text)\(refused.errors)".contains("\(folder.path)/state has no \(database).sqlite ("), "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: folder.file("state/\(database).sqlite").path))
        let accepted = try await Program.run(
            PosternUnderTest.postern, ["recover", database, "--accept-missing", "--config", configuration])
        #expect(accepted.status == 0, "\(accepted)")
        try await runOnce(configuration, log: log)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("state").path).allSatisfy { !$0.contains("may-be-new") })
    }

    @Test("a core whose database is malformed ends with 74, names the file and the way out; `postern recover` is that way")
    func damagedDatabase() async throws {
        let folder = try TemporaryFolder()
        let configuration = try folder.write("postern.yaml", Self.configuration(state: "state", runtime: "run"))
        let log = folder.file("log").path
        try await runOnce(configuration, log: log)
        // The core has copied the log into the file at its end.
        let file = folder.file("state/queue.sqlite")
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: Data(repeating: 0x5A, count: 2000))
        try handle.close()
        let refused = try await Program.run("\(PosternUnderTest.executables)/postern-core", ["--config", configuration])
        #expect(refused.status == 74)
        let said = "\(refused.text)\(refused.errors)"
        #expect(said.contains("\(file.path) is damaged (") && said.contains("run `postern recover queue`"), "\(refused)")
        let recovered = try await Program.run(PosternUnderTest.postern, ["recover", "queue", "--config", configuration])
        #expect(recovered.status == 0 && recovered.text.contains("The damaged file is kept as \(file.path).damaged-"), "\(recovered)")
        try await runOnce(configuration, log: log)
    }

    @Test("a directory that never had anybody is said by status and health, which is healthy; the first user ends it")
    func nobodyYet() async throws {
        let folder = try TemporaryFolder()
        let configuration = try folder.write("postern.yaml", Self.configuration(state: "state", runtime: "run"))
        let log = folder.file("log").path
        let core = try ChildProcess("\(PosternUnderTest.executables)/postern-core", ["--config", configuration], output: log, errors: log)
        defer { core.signal(SIGKILL) }
        func postern(_ arguments: String...) async throws -> Program.Result {
            try await Program.run(PosternUnderTest.postern, arguments + ["--config", configuration])
        }
        _ = try await eventually("the core answers") { try await postern("status", "--json").status == 0 ? true : nil }
        #expect(try await postern("status").text.contains("directory       never had a user, alias or group"))
        let health = try await postern("health", "core")
        #expect(health.status == 0 && health.errors.contains("warning: the directory never had a user, alias or group"), "\(health)")
        let route = ["--via", "internet", "--client", "203.0.113.9", "--from", "a@far.test", "--to", "bob@local.test"]
        func explained() async throws -> String {
            try await Program.run(PosternUnderTest.postern, ["explain", "route"] + route + ["--config", configuration]).text
        }
        #expect(try await explained().contains("451 4.3.0 No mailbox has been set up here yet"))
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("the directory never had a user, alias or group"))
        #expect(try await postern("user", "add", "anna").status == 0)
        #expect(try await explained().contains("550 5.1.1"))
        #expect(try await postern("user", "remove", "anna").status == 0)
        #expect(try await explained().contains("550 5.1.1"))
        #expect(try await !postern("status").text.contains("never had"))
        #expect(try await postern("health", "core").errors.isEmpty)
    }
}
