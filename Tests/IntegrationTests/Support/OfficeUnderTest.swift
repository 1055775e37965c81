import Foundation

/// `topology/office/up` in a folder and on ports of the test's own.
final class OfficeUnderTest: @unchecked Sendable {
    // Invariant: `process` is set before the test goes on and changed by the test's own task alone.
    let folder: TemporaryFolder
    private let offset: Int
    private var process: ChildProcess?

    /// Those of `topology/office/postern.yaml` and of `up`.
    static let ports = [2525, 2526, 2587, 2465, 2143, 2993, 2110, 2995, 2580]

    init() throws {
        folder = try TemporaryFolder()
        // As root Dovecot becomes another account, which must come this far.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        // All of them free at once.
        offset = try {
            while true {
                let candidate = try FreePort.take() - 2500
                if Self.ports.allSatisfy({ !FreePort.isTaken($0 + candidate) }) { return candidate }
            }
        }()
    }

    /// What `topology/office` calls `port`, here.
    func port(_ port: Int) -> Int { port + offset }

    func start() async throws {
        let up = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("topology/office/up").path
        let process = try ChildProcess(
            up, ["--folder", folder.path, "--executables", PosternUnderTest.executables, "--port-offset", "\(offset)"],
            output: folder.file("output").path, errors: folder.file("output").path)
        self.process = process
        _ = try await eventually(within: 120, "the office is up") {
            guard process.isRunning else { throw PosternUnderTest.Failure(description: "the office ended: \(output)") }
            return output.contains("Ctrl-C stops everything.") ? true : nil
        }
    }

    /// What it has printed.
    var output: String { (try? String(contentsOf: folder.file("output"), encoding: .utf8)) ?? "" }  // Nothing yet is nothing.

    /// The password that the first start printed.
    func password(of user: String) throws -> String {
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == "\(user)@office.test", words[1] == "password" { return String(words[2]) }
        }
        throw PosternUnderTest.Failure(description: "no password of \(user): \(output)")
    }

    /// curl, with the office's CA and nothing from the user's own settings.
    func curl(_ arguments: [String], input: String = "") async throws -> Program.Result {
        try await Program.run(
            "curl", ["--disable", "-sS", "--max-time", "60", "--cacert", "\(folder.path)/tls/ca.pem"] + arguments, input: Data(input.utf8))
    }

    /// Ctrl-C; the exit status.
    func stop() async -> Int32? {
        guard let process else { return nil }
        self.process = nil
        process.signal(SIGINT)
        return await process.ended()
    }

    // A test that failed leaves nothing running: the kernel tells the others.
    deinit { process?.signal(SIGKILL) }
}
