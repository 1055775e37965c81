import Foundation
import Testing

/// What `postern up` does that is started where it cannot work, or where a container engine starts it.
@Suite("postern up at its start and its end", .timeLimit(.minutes(3)))
struct UpTests {
    private func login(_ server: SubmissionUnderTest) async throws -> String {
        try await server.play(
            """
            @anna \(server.securePort) 127.0.0.1
            TLS
            S: 220
            C: EHLO client.test
            S: 250
            AUTH PLAIN anna \(SubmissionUnderTest.password)
            S: 235
            C: QUIT
            S: 221
            """)
    }

    @Test("two at once: the second ends with 71 and its reason, and people go on logging in to the first")
    func twoAtOnce() async throws {
        let server = try await SubmissionUnderTest()
        try await server.start()
        #expect(try await login(server) == "")
        let second = try await Program.run(
            "timeout", ["30", PosternUnderTest.postern, "up", "--config", server.postern.configuration])
        #expect(second.status == 71, "\(second)")
        #expect(second.errors.contains("is in use by another postern-core"), "\(second.errors)")
        #expect(second.errors.contains("postern-core cannot start: its reason is above; everything stops"), "\(second.errors)")
        #expect(!second.text.contains("Postern is"), "\(second.text)")
        #expect(try await login(server) == "")
        await server.stop()
    }

    @Test("two at once: a second postern-auth alone does not take the socket either")
    func secondAuth() async throws {
        let server = try await SubmissionUnderTest()
        try await server.start()
        let second = try await Program.run(
            "timeout", ["30", "\(PosternUnderTest.executables)/postern-auth", "--config", server.postern.configuration])
        #expect(second.status == 71, "\(second)")
        #expect(second.errors.contains("another process listens at"), "\(second.errors)")
        #expect(try await login(server) == "")
        await server.stop()
    }

    /// What another process has when `postern up` is started.
    enum Taken: String, CaseIterable, CustomTestStringConvertible {
        case onlyPort = "the only port of the edge"
        case oneOfSeveral = "one of the edge's ports"
        case submissionPort = "a port of the submission server"
        var testDescription: String { rawValue }
    }

    @Test("a port that is taken ends the start with 71 and one sentence that names it", arguments: Taken.allCases)
    func takenPort(_ taken: Taken) async throws {
        let other = try FreePort.take()
        let postern =
            switch taken {
            case .onlyPort: try PosternUnderTest()
            case .oneOfSeveral: try PosternUnderTest(servers: #"other: { role: edge, listen: ["127.0.0.1:\#(other)"] }"#)
            case .submissionPort:
                try PosternUnderTest(
                    servers: """
                        users:
                          role: submission
                          listen: ["127.0.0.1:\(other)"]
                          tls: { mode: none }
                          authentication: { basic: { mechanisms: [PLAIN], require_tls: false } }
                        """)
            }
        let port = taken == .onlyPort ? postern.port : other
        let holder = try ChildProcess(
            Program.find("python3"),
            ["-c", "import socket, time; s = socket.create_server(('127.0.0.1', \(port))); time.sleep(60)"])
        defer { holder.signal(SIGKILL) }
        _ = try await eventually("the port is taken") { FreePort.isTaken(port) ? true : nil }
        let result = try await Program.run("timeout", ["30", PosternUnderTest.postern, "up", "--config", postern.configuration])
        #expect(result.status == 71, "\(result)")
        let lines = result.errors.split(separator: "\n").filter { $0.contains("\(port)") && $0.contains("Address already in use") }
        #expect(lines.count == 1, "\(result.errors)")
    }

    @Test("two at once: kind: a second postern-edge or postern-submission alone ends with 71, and clients go on reaching the first")
    func secondFrontEnd() async throws {
        let server = try await SubmissionUnderTest()
        try await server.start()
        for daemon in ["edge", "submission"] {
            let second = try await Program.run(
                "timeout", ["30", "\(PosternUnderTest.executables)/postern-\(daemon)", "--config", server.postern.configuration])
            #expect(second.status == 71, "\(daemon): \(second)")
            #expect(second.errors.contains("Address already in use"), "\(daemon): \(second.errors)")
        }
        #expect(try await login(server) == "")
        await server.stop()
    }

    @Test(
        "as the first process of a container it collects what others have left, and ends in time while clients hold their connections",
        .enabled(if: geteuid() == 0, "only root can make a namespace of processes"))
    func firstProcess() async throws {
        let postern = try PosternUnderTest()
        try await postern.start(launcher: [try Program.find("unshare"), "--pid", "--fork", "--kill-child", "--mount-proc"])
        let launcher = try #require(postern.process).processIdentifier
        let supervisor = try #require(Self.children(of: launcher).first)
        // Leaves a process behind whose parent is gone, and which ends a moment later.
        let left = try await Program.run(
            "nsenter", ["--target", "\(supervisor)", "--pid", "--mount", "sh", "-c", "(sleep 0.2 & echo $!)"])
        #expect(left.status == 0, "\(left)")
        _ = try await eventually("no process that has ended is left behind") {
            Self.children(of: supervisor).contains { Self.state(of: $0) == "Z" }
                ? nil : Self.children(of: supervisor).count == 4 ? true : nil
        }
        // A client in the middle of its message, and a second one that says nothing.
        let client = try ChildProcess(
            Program.find("python3"),
            [
                "-c",
                """
                import socket, time
                s = socket.create_connection(('127.0.0.1', \(postern.port)))
                s.sendall(b'EHLO client.test\\r\\nMAIL FROM:<a@b.test>\\r\\n')
                t = socket.create_connection(('127.0.0.1', \(postern.port)))
                time.sleep(60)
                """,
            ])
        defer { client.signal(SIGKILL) }
        _ = try await eventually("the client is there") { postern.logText.contains("up") ? true : nil }
        let began = ContinuousClock.now
        kill(supervisor, SIGTERM)
        _ = await postern.process?.ended()
        #expect(ContinuousClock.now - began < .seconds(30))
        #expect(!postern.logText.contains("killing what did not end in time"), "\(postern.logText.suffix(2000))")
    }

    private static func children(of parent: Int32) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }.filter { id in
            status(of: id)?.parent == parent
        }
    }

    private static func state(of process: Int32) -> String? { status(of: process)?.state }

    /// The third and fourth field of `/proc/ID/stat` (proc_pid_stat(5)).
    private static func status(of process: Int32) -> (state: String, parent: Int32)? {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let close = stat.lastIndex(of: ")") else {
            return nil
        }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        return Int32(fields[1]).map { (String(fields[0]), $0) }
    }
}
