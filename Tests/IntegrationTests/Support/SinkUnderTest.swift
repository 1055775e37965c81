import Foundation

/// smtp-sink of the Postfix package: an independent server that keeps what it is sent, one file per message.
final class SinkUnderTest: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    let port: Int
    let folder: TemporaryFolder
    private var process: ChildProcess?

    init() throws {
        port = try FreePort.take()
        folder = try TemporaryFolder()
        // smtp-sink as root becomes another account, which must be able to write here.
        chmod(folder.path, 0o777)
    }

    func start() async throws {
        let account = getuid() == 0 ? ["-u", "postfix"] : []
        let process = try ChildProcess(
            Program.find("smtp-sink"), account + ["-d", "\(folder.path)/%M%S.", "127.0.0.1:\(port)", "256"])
        self.process = process
        _ = try await eventually("smtp-sink listens") { FreePort.isTaken(port) ? true : nil }
    }

    func stop() {
        process?.signal(SIGKILL)
        process = nil
    }

    deinit { stop() }

    /// The recipients of all messages that it was sent, as they stood in RCPT.
    func recipients() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).flatMap { name in
            try String(decoding: Data(contentsOf: folder.file(name)), as: UTF8.self).split(separator: "\n")
                .prefix { !$0.hasPrefix("Received:") }.compactMap { $0.firstMatch(of: /^X-Rcpt-Args: <(.*)>/).map { String($0.1) } }
        }
    }

    /// How many messages it was sent.
    func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: folder.path).count }
}
