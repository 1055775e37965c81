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
}
