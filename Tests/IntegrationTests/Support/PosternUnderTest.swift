import Foundation

/// The real executables, started by `postern up` with a topology of the test's own.
final class PosternUnderTest: @unchecked Sendable {
    // Invariant: `process` is set before the test goes on and changed by the test's own task alone.
    let folder: TemporaryFolder
    let port: Int
    private(set) var process: ChildProcess?

    /// The folder of the executables: the release build that `make test` made, or the debug build beside the tests.
    static let executables: String = {
        if let folder = ProcessInfo.processInfo.environment["POSTERN_EXECUTABLES"] { return folder }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for build in [".build/release", ".build/debug"] {
            let candidate = root.appendingPathComponent(build).path
            if FileManager.default.isExecutableFile(atPath: "\(candidate)/postern") { return candidate }
        }
        return root.appendingPathComponent(".build/debug").path
    }()

    static var postern: String { "\(executables)/postern" }

    /// - Parameters:
    ///   - edge: keys of the edge virtual server besides its name, role and `listen`, two spaces deeper than `internet:`.
    ///   - servers: other virtual servers, at the depth of `internet:`.
    ///   - rest: the rest of the file: connectors, domains, outbound.
    init(edge: String = "", servers: String = "", rest: String = PosternUnderTest.localDomain) throws {
        folder = try TemporaryFolder()
        port = try FreePort.take()
        try write(edge: edge, servers: servers, rest: rest)
    }

    static let localDomain = """
        domains: { local.test: authoritative }
        connectors:
          mailboxes:
            address_spaces: [{ domain: local.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
        """

    func write(edge: String, servers: String = "", rest: String) throws {
        try folder.write(
            "postern.yaml",
            """
            version: 1
            hostname: mx.postern.test
            default_domain: local.test
            state_directory: state
            runtime_directory: run
            virtual_servers:
              internet:
                role: edge
                listen: ["127.0.0.1:\(port)"]
            \(edge.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            \(servers.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            \(rest)
            postmaster: user
            """)
    }

    var configuration: String { folder.file("postern.yaml").path }

    /// - Parameters:
    ///   - environment: of its daemons, besides our own.
    ///   - options: of `postern up`, besides `--config`.
    ///   - launcher: a program that becomes it, with its whole path and its arguments.
    func start(environment: [String: String] = [:], options: [String] = [], launcher: [String] = []) async throws {
        let log = folder.file("log").path
        let words = launcher + [Self.postern, "up", "--config", configuration] + options
        let process = try ChildProcess(words[0], Array(words.dropFirst()), environment: environment, output: log, errors: log)
        self.process = process
        _ = try await eventually("postern listens on port \(port); its log:\n\(logText)") {
            guard process.isRunning else { throw Failure(description: "postern has ended:\n\(logText)") }
            return FreePort.isTaken(port) ? true : nil
        }
        // The edge answers 421 until the core is there.
        _ = try await eventually("the core answers") { try await postern(["status", "--json"]).status == 0 ? true : nil }
    }

    /// SIGTERM, as an administrator stops it.
    func stop() async {
        guard let process else { return }
        self.process = nil
        process.signal(SIGTERM)
        _ = await process.ended()
    }

    // A test that failed leaves nothing running.
    deinit { process?.signal(SIGKILL) }

    /// The process of one daemon.
    func processID(of daemon: String) throws -> Int32? {
        guard let process else { return nil }
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let id = Int32(entry), let stat = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8),
                let close = stat.lastIndex(of: ")")
            else { continue }  // A process that ended while we looked.
            let parent = stat[stat.index(after: close)...].split(separator: " ")[1]
            let name = stat[stat.index(after: stat.firstIndex(of: "(")!)..<close]
            if Int32(parent) == process.processIdentifier, name == daemon.prefix(15) { return id }
        }
        return nil
    }

    @discardableResult
    func postern(_ arguments: [String], input: String = "") async throws -> Program.Result {
        try await Program.run(Self.postern, arguments + ["--config", configuration], input: Data(input.utf8))
    }

    /// - Parameter password: nil: one that nobody knows.
    func addUser(_ address: String, password: String? = nil) async throws {
        let result = try await postern(
            ["user", "add", address] + (password == nil ? [] : ["--password-stdin"]), input: password.map { $0 + "\n" } ?? "")
        if result.status != 0 { throw Failure(description: "user add \(address): \(result.errors)") }
    }

    /// The messages in a mailbox, oldest first, with the line ends that they came with.
    ///
    /// - Throws: also where a file has a CR: lines end with LF there.
    func messages(for user: String, domain: String = "local.test") throws -> [Data] {
        let new = "\(folder.path)/mail/\(domain)/\(user)/new"
        guard FileManager.default.fileExists(atPath: new) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: new).sorted().map {
            let file = try Data(contentsOf: URL(fileURLWithPath: "\(new)/\($0)"))
            if file.contains(0x0D) { throw Failure(description: "\(new)/\($0) has a CR") }
            return Data(file.split(separator: 0x0A, omittingEmptySubsequences: false).joined(separator: Data("\r\n".utf8)))
        }
    }

    /// Waits until a mailbox holds so many messages.
    func wait(for count: Int, messagesFor user: String, domain: String = "local.test", within seconds: Double = 30) async throws -> [Data] {
        try await eventually(within: seconds, "\(count) messages for \(user); the log:\n\(logText.suffix(4000))") {
            let messages = try messages(for: user, domain: domain)
            return messages.count >= count ? messages : nil
        }
    }

    func queue() async throws -> [[String: Any]] {
        try await postern(["queue", "list", "--json"]).text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    var logText: String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }  // No log yet is an empty one.

    struct Failure: Error, CustomStringConvertible { let description: String }
}

extension Data {
    /// What follows the first `count` header fields: the fields that Postern puts in front of a message are `Return-Path`,
    /// `Received` and, where reverse DNS was asked, `Authentication-Results`.
    func withoutTraceFields() -> Data {
        var lines = self[...]
        func isTrace(_ line: Data) -> Bool {
            ["return-path:", "delivered-to:", "received: from", "authentication-results:"].contains {
                String(decoding: line.prefix(24), as: UTF8.self).lowercased().hasPrefix($0)
            }
        }
        var seen: Set<String> = []
        while let end = lines.range(of: Data("\r\n".utf8)) ?? lines.range(of: Data("\n".utf8)) {
            let line = Data(lines[lines.startIndex..<end.lowerBound])
            let name = String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
            guard isTrace(line), seen.insert(name).inserted else { break }
            lines = lines[end.upperBound...]
            // Its continuation lines.
            while let first = lines.first, first == 0x20 || first == 0x09, let next = lines.range(of: Data("\n".utf8)) {
                lines = lines[next.upperBound...]
            }
        }
        return Data(lines)
    }
}
