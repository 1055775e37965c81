import CoreLink
import CrashModel
import DurableStorage
import Foundation
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Testing

@testable import CoreService

@Suite("Badmail", .timeLimit(.minutes(1)))
struct BadmailTests {
    /// Submits a message that a remote host refuses.
    ///
    /// - Returns: the badmail files: their names and contents.
    private func refuse(_ content: String, from sender: EnvelopeSender) async throws -> [String: String] {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        let configuration = CoreUnderTest.configuration.replacingOccurrences(
            of: "state_directory: state", with: "state_directory: \(folder.path)")
        let core = try await CoreUnderTest(recorder, on: MultiThreadedEventLoopGroup.singleton.next(), configuration: configuration)
        _ = try await core.submit(Array(content.utf8), from: sender)
        let holder = try await ScriptedHolder(core, holder: 1)
        holder.say(.present([]), .lease(preferring: nil))
        let work = try #require(await holder.work())
        let outcome = RecipientOutcome(
            index: 0, attempts: 0, result: .failed,
            reply: Reply(553, EnhancedStatusCode(5, 6, 7), lines: ["no SMTPUTF8", "\u{1B}[31m\r\nBcc: x@y\u{9B}2J\u{202E}"]))
        holder.say(.outcome(HeldLease(lease: work.lease, message: work.message, recipients: [0]), [outcome], reached: true))
        #expect(await holder.recorded() == work.lease)
        #expect(try await core.message(work.message) == nil)
        try await core.close()
        var files: [String: String] = [:]
        let badmail = "\(folder.path)/badmail"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: badmail)) ?? [] {
            files[name] = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(badmail)/\(name)")), as: UTF8.self)
        }
        try? FileManager.default.removeItem(atPath: badmail)
        return files
    }

    @Test(
        "a report that cannot be delivered is kept with its reason, durably before the queue forgets it, whether it is small or in a file",
        arguments: [10, 200_000])
    func undelivered(size: Int) async throws {
        let content = "Subject: a report\r\n\r\n" + String(repeating: "x", count: size) + "\r\n"
        let files = try await refuse(content, from: EnvelopeSender(reversePath: .null))
        let file = try #require(files.values.first)
        #expect(files.count == 1 && files.keys.first?.hasSuffix(".eml") == true)
        #expect(
            file == "X-Postern-Badmail: <u@far.test>: 553 5.6.7 no SMTPUTF8 / ?[31m??Bcc: x@y\\u{9b}2J\\u{202e}\r\n" + content)
    }

    @Test("a report that has no way to its addressee is kept as well")
    func noWay() async throws {
        let sender = try #require(EmailAddress(parsing: "someone@nowhere.example"))
        let files = try await refuse("Subject: mail\r\n\r\nHello\r\n", from: EnvelopeSender(reversePath: .address(sender)))
        let file = try #require(files.values.first)
        #expect(files.count == 1)
        #expect(file.hasPrefix("X-Postern-Badmail: <someone@nowhere.example>: "))
        #expect(file.contains("To: <someone@nowhere.example>\r\n") && file.contains("Final-Recipient: rfc822; u@far.test"))
    }

    @Test("the folder is bounded: what is too old goes, and of too much the oldest")
    func bounds() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("badmail-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = BadmailFolder(directory: path, fileSystem: POSIXFileSystem())
        #expect(try folder.sweep(now: .now()) == BadmailFolder.Sweep())
        for number in 1...5 {
            try folder.keep(
                QueueID(value: Int64(number)), reason: "X: y\r\n", .bytes(ByteBuffer(string: String(repeating: "x", count: 94))))
            let date = Date(timeIntervalSinceNow: TimeInterval(number * 10 - 100))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: folder.path(of: QueueID(value: Int64(number))))
        }
        // One that is there already is not written over, and no failure.
        try folder.keep(QueueID(value: 1), reason: "", .bytes(ByteBuffer()))
        #expect(try folder.sweep(now: .now()) == BadmailFolder.Sweep(removed: 0, files: 5, octets: 500))
        #expect(try folder.sweep(now: .now(), maximumOctets: 300) == BadmailFolder.Sweep(removed: 2, files: 3, octets: 300))
        #expect(!FileManager.default.fileExists(atPath: folder.path(of: QueueID(value: 2))))
        #expect(FileManager.default.fileExists(atPath: folder.path(of: QueueID(value: 3))))
        #expect(try folder.sweep(now: .now() + .seconds(31 * 86_400)) == BadmailFolder.Sweep(removed: 3, files: 0, octets: 0))
    }
}
