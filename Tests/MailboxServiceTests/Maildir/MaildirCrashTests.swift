import CrashModel
import DurableStorage
import MailVocabulary
import Testing

@testable import MailboxService

@Suite("Maildirs and power loss")
struct MaildirCrashTests {
    private func content(_ message: Int64) -> [[UInt8]] {
        [Array("Return-Path: <s@example.org>\r\n".utf8), [UInt8](repeating: UInt8(message), count: 1500 * Int(message)), [13, 10]]
    }

    /// Whatever was reported as delivered is there once and whole; whatever is in `new` is whole; and what comes again after the crash is
    /// there once in the end.
    private func check(_ crashed: CrashedStorage, messages: ClosedRange<Int64>) throws {
        let fixture = MaildirFixture(root: crashed.folder)
        for path in crashed.image.paths where path.hasPrefix("\(MaildirFixture.maildir)/new/") {
            guard let message = messages.first(where: { path.hasSuffix(fixture.name(message: $0)) }) else {
                throw CrashViolation("a stranger: \(path)")
            }
            guard crashed.image.content(of: path) == Array(content(message).joined()) else { throw CrashViolation("not whole: \(path)") }
        }
        for mark in crashed.marks {
            let message = try #require(Int64(mark))
            guard crashed.image.paths.contains("\(MaildirFixture.maildir)/new/\(fixture.name(message: message))") else {
                throw CrashViolation("message \(mark) is gone")
            }
        }
        // The core gives out again what it was not told of, and may have missed what it was told.
        for message in messages {
            let isNew = try fixture.deliver(content(message), message: message, mayBeRepeat: true)
            if isNew, crashed.marks.contains("\(message)") { throw CrashViolation("message \(message) comes twice") }
        }
        let names = try fixture.names("new")
        guard names == messages.map({ fixture.name(message: $0) }) else { throw CrashViolation("after recovery: \(names)") }
    }

    @Test("at every step of deliveries: what was reported is there once and whole, and new never holds a truncated message")
    func everyPoint() async throws {
        let report = try await CrashExplorer(policies: CrashPolicy.standard(seeded: 12)).run { recorder in
            let fixture = MaildirFixture(root: recorder.root, fileSystem: recorder.fileSystem)
            for message in Int64(1)...3 {
                try fixture.deliver(content(message), message: message)
                recorder.mark("\(message)")
            }
        } recover: {
            try check($0, messages: 1...3)
        }
        #expect(report.failures.isEmpty, "\(report)")
        #expect(report.images > 50)
    }

    @Test("a process that was killed between making the folders and syncing them costs no message of the next process")
    func killedWhileMaking() async throws {
        // The folders exist, as the killed process left them, and are not durable.
        for made in 1...5 {
            let report = try await CrashExplorer(policies: CrashPolicy.standard(seeded: 4)).run { recorder in
                let folders = ["example.org", "example.org/user", "example.org/user/tmp", "example.org/user/new", "example.org/user/cur"]
                for folder in folders.prefix(made) { try recorder.fileSystem.makeDirectory("\(recorder.root)/\(folder)", mode: 0o700) }
                try MaildirFixture(root: recorder.root, fileSystem: recorder.fileSystem).deliver(content(1), message: 1)
                recorder.mark("1")
            } recover: {
                try check($0, messages: 1...1)
            }
            #expect(report.failures.isEmpty, "\(report)")
        }
    }

    @Test("where any one step fails, that delivery is deferred or complete, tmp is left clean, and the next attempt succeeds")
    func eachStepFailsOnce() async throws {
        let (runs, failures) = try await FaultExplorer(
            crashes: CrashExplorer(points: .last, policies: CrashPolicy.standard(seeded: 3))
        ).run { recorder, fault in
            let fixture = MaildirFixture(root: recorder.root, fileSystem: recorder.fileSystem)
            for message in Int64(1)...2 {
                do {
                    try fixture.deliver(content(message), message: message)
                } catch let failure as MaildirFailure {
                    guard failure.reply.isTransientFailure else { throw CrashViolation("\(failure.reply)") }
                    try fixture.deliver(content(message), message: message, mayBeRepeat: true)
                }
                recorder.mark("\(message)")
            }
            // The one exception is a file whose removal failed, after it was delivered.
            let left = try fixture.names("tmp").count
            if left > (fault == nil ? 0 : 1) { throw CrashViolation("\(left) files left in tmp") }
        } recover: {
            try check($0, messages: 1...2)
        }
        #expect(runs > 40)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test("a full disk gives way to nothing: no file in new or tmp, 452, and a delivery as soon as there is room")
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        defer { recorder.close() }
        let fixture = MaildirFixture(root: folder.path, fileSystem: recorder.fileSystem)
        try fixture.deliver(content(1), message: 1)
        recorder.inject { $0.operation == .write ? 28 : nil }
        for _ in 0..<3 {
            let failure = #expect(throws: MaildirFailure.self) { try fixture.deliver(content(2), message: 2) }
            #expect(failure?.reply.code == 452)
        }
        #expect(try fixture.names("tmp").isEmpty && fixture.names("new").count == 1)
        recorder.inject(nil)
        #expect(try fixture.deliver(content(2), message: 2, mayBeRepeat: true))
    }
}
