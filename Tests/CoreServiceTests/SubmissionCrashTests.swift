import CoreLink
import CrashModel
import Directory
import DurableStorage
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import Testing
import TopologyFile

@testable import CoreService
@testable import MessageQueue

/// Law 1 in the core's own code: messages come in over a real link, through the sessions, sinks and writers that serve the edge, and at every
/// recorded step of storage the power goes. Whatever had been answered with 250 by then is there, and whole.
@Suite("Messages that the core has acknowledged, after a power loss")
struct SubmissionCrashTests {
    private static let group = MultiThreadedEventLoopGroup.singleton

    @Test("durable before 250: small content in the database, large content in files, several senders at once")
    func durableBeforeReply() async throws {
        let report = try await CrashExplorer(points: .all, policies: CrashPolicy.standard(seeded: 2, seed: 7), maximumFailures: 3).run {
            recorder in
            let core = try await CoreUnderTest(recorder, on: Self.group.next())
            try await withThrowingTaskGroup { tasks in
                for sender in 0..<2 {
                    tasks.addTask {
                        for (number, content) in Self.contents.enumerated() where number % 2 == sender {
                            let id = try await core.submit(content)
                            recorder.mark("accepted \(id) \(number)")
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            try await core.close()
        } recover: { crashed in
            try Self.requireAccepted(crashed)
        }
        #expect(report.failures.isEmpty, "\(report)")
        #expect(report.images > 50)
        print("submission: \(report.steps) steps, \(report.images) states recovered from")
    }

    /// The last that lie in the database, and the first that lie in files, among them.
    private static let contents: [[UInt8]] = [120, 66_000, 3000, 64 * 1024, 64 * 1024 + 1, 900, 90_000].enumerated().map { number, size in
        let line = [UInt8](repeating: UInt8(0x41 + number), count: 68) + [0x0D, 0x0A]
        return Array(Array(repeating: line, count: size / line.count + 1).joined().prefix(size))
    }

    private static func requireAccepted(_ crashed: CrashedStorage) throws {
        let accepted = crashed.marks.map { $0.split(separator: " ") }.filter { $0.first == "accepted" && $0.count == 3 }
        guard !accepted.isEmpty else { return }
        let path = "\(crashed.folder)/queue.sqlite"
        let database = try QueueDatabase(path: path)
        let reader = try QueueReader(path: path)
        let files = ContentFiles(directory: "\(crashed.folder)/content", fileSystem: POSIXFileSystem())
        defer { withExtendedLifetime(database) {} }
        for words in accepted {
            guard let id = QueueID(parsing: words[1]), let number = Int(words[2]) else { continue }
            let content = contents[number]
            guard let stored = try reader.message(id) else { throw CrashViolation("\(id), accepted, is gone") }
            let found: [UInt8]
            switch stored.head.content {
            case .inline(let bytes): found = Array(bytes.readableBytesView)
            case .file: found = Array(try files.beginning(of: id, octets: content.count + 1).readableBytesView)
            case .damaged: throw CrashViolation("\(id): its content is not what was stored")
            case nil: throw CrashViolation("\(id) has no content")
            }
            guard found == content else { throw CrashViolation("\(id): \(found.count) octets of \(content.count), or others") }
            guard stored.recipients.count == 1 else { throw CrashViolation("\(id) has \(stored.recipients.count) recipients") }
        }
    }
}
