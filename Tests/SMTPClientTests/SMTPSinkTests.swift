import Foundation
import MailVocabulary
import NIOCore
import NIOPosix
import SMTPProtocol
import Testing

@testable import SMTPClient

/// Postfix's test server.
private let sinkPath = "/usr/sbin/smtp-sink"

@Suite(
    "Client against smtp-sink",
    .enabled(if: FileManager.default.isExecutableFile(atPath: sinkPath), "smtp-sink (Debian: postfix) is missing"),
    .timeLimit(.minutes(2)))
struct SMTPSinkTests {
    @Test(
        "content arrives as it was sent, whatever the server can do",
        arguments: [[], ["-p"], ["-e"], ["-L"], ["-N", "-E"]] as [[String]])
    func delivers(options: [String]) async throws {
        try await Sink.run(options: options, dumps: true) { sink in
            let connection = try await sink.connect(dialect: options.contains("-L") ? .lmtp : .smtp)
            let content = ByteBuffer(
                string: "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nend.\r\n" + String(repeating: "z", count: 998) + "\r\n")
            let result = try await connection.deliverFromAfar(content, to: ["a@x.example", "b@x.example"])
            #expect(result.outcomes.map(\.isDelivered) == [true, true])
            #expect(result.connection == .reusable)
            #expect(try await connection.deliverFromAfar(content).outcomes.map(\.isDelivered) == [true])
            try await connection.quitFromAfar()
            // smtp-sink writes local line ends, its own header before the content and an empty line after it.
            let expected = String(buffer: content).replacingOccurrences(of: "\r\n", with: "\n")
            let dumps = try sink.dumps()
            #expect(dumps.count == 2)
            for dump in dumps { #expect(dump.hasSuffix(expected + "\n")) }
            #expect(dumps.contains { $0.contains("X-Rcpt-Args: <b@x.example>") })
        }
    }

    @Test(
        "each refusal and each loss has its outcome",
        arguments: [
            (["-f", "RCPT"], "permanent"), (["-r", "MAIL"], "transient"), (["-r", "DATA"], "transient"), (["-f", "."], "permanent"),
            (["-q", "RCPT"], "again"), (["-Q", "MAIL"], "again"), (["-q", "."], "undetermined"), (["-Q", "."], "transient"),
            (["-A", "0"], "permanent"),
        ])
    func refuses(options: [String], expected: String) async throws {
        try await Sink.run(options: options) { sink in
            let connection = try await sink.connect()
            let result = try await connection.deliverFromAfar(sampleContent(size: 2000))
            let outcome =
                switch result.outcomes[0] {
                case .delivered: "delivered"
                case .transientFailure: "transient"
                case .permanentFailure: "permanent"
                case .lacking: "lacking"
                case .retryAtOnce: "again"
                case .undetermined: "undetermined"
                }
            #expect(outcome == expected, "\(result)")
            try await connection.quitFromAfar()
        }
    }

    @Test("a thousand recipients, and thirty connections with a hundred messages each")
    func load() async throws {
        try await Sink.run { sink in
            let first = try await sink.connect()
            let many = try await first.deliverFromAfar(ByteBuffer(string: "hi\r\n"), to: (0..<1000).map { "r\($0)@x.example" })
            #expect(many.outcomes.allSatisfy(\.isDelivered) && many.outcomes.count == 1000)
            try await first.quitFromAfar()
            let content = sampleContent(size: 4096)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        let connection = try await sink.connect()
                        var delivered = 0
                        for _ in 0..<100 where try await connection.deliverFromAfar(content).outcomes[0].isDelivered { delivered += 1 }
                        try await connection.quitFromAfar()
                        return delivered
                    }
                }
                var delivered = 0
                for try await number in group { delivered += number }
                #expect(delivered == 3000)
            }
        }
    }
}

/// One running smtp-sink, with a folder of its own.
private struct Sink: Sendable {
    private let process: Process
    private let folder: URL
    private let port: Int

    /// Starts one, and ends it whatever happens.
    static func run(options: [String] = [], dumps: Bool = false, _ body: (Sink) async throws -> Void) async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let sink = try await Sink(options: options, dumps: dumps) { end.finish() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(sink)) } catch { result = .failure(error) }
        // Not SIGTERM: the child inherits the signal mask of the thread that starts it, and those of a pool block it.
        kill(sink.process.processIdentifier, SIGKILL)
        for await _ in ends {}
        try FileManager.default.removeItem(at: sink.folder)
        try result.get()
    }

    private init(options: [String], dumps: Bool, whenEnded: @escaping @Sendable () -> Void) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-sink-\(UUID().uuidString)")
        // smtp-sink writes under another account when it is started by root.
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        chmod(folder.path, 0o777)
        port = try LoopbackPort.forAProgram()
        process = Process()
        process.executableURL = URL(fileURLWithPath: sinkPath)
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.arguments =
            (geteuid() == 0 ? ["-u", "postfix"] : []) + options + (dumps ? ["-d", "dump."] : []) + ["127.0.0.1:\(port)", "100"]
        process.terminationHandler = { _ in whenEnded() }
        try process.run()
    }

    /// A connection; again and again while smtp-sink is still about to listen.
    func connect(dialect: ClientSettings.Dialect = .smtp) async throws -> SMTPClientConnection {
        let endpoint = SMTPClientEndpoint.tcp(loopback, port: port)
        while true {
            do {
                return try await SMTPClientConnection.connect(
                    to: endpoint, settings: testSettings(dialect: dialect), on: Loops.client
                ).get()
            } catch SMTPConnectFailure.refused where process.isRunning {
                try await Loops.client.scheduleTask(in: .milliseconds(10)) {}.futureResult.get()
            }
        }
    }

    func dumps() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
        }
    }
}
