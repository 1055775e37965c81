import CrashModel
import DurableStorage
import Foundation
import MailVocabulary
import Synchronization
import Testing

@testable import MailboxService

@Suite("MaildirStore")
struct MaildirStoreTests {
    let folder: TemporaryFolder
    let fixture: MaildirFixture

    init() throws {
        folder = try TemporaryFolder()
        fixture = MaildirFixture(root: folder.path)
    }

    @Test("a message is whole in new, named by time, queue id, recipient and host; tmp is empty, everything is for its owner only")
    func delivers() throws {
        let chunks = [Array("Return-Path: <>\r\n".utf8), [UInt8](repeating: 0xE4, count: 100_000), Array("\r\n".utf8)]
        #expect(try fixture.deliver(chunks, message: 5, recipient: 3))
        let name = "1800000000.Q00000000005R3.mx.example.org"
        #expect(try fixture.names("new") == [name])
        #expect(try fixture.content("new/\(name)") == Array(chunks.joined()))
        #expect(try fixture.names("tmp").isEmpty && fixture.names("cur").isEmpty)
        for path in ["", "/new", "/tmp", "/cur", "/new/\(name)"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.maildir + path)
            #expect(attributes[.posixPermissions] as? Int == (path.hasSuffix(name) ? 0o600 : 0o700), "\(path)")
        }
    }

    @Test("a delivery that is given up leaves nothing")
    func abandoned() throws {
        let template = try #require(MaildirPathTemplate("\(folder.path)/{domain}/{user}"))
        var writer: MaildirWriter? = try fixture.store.begin(
            in: try template.folder(of: try #require(EmailAddress(parsing: "user@example.org"))), message: QueueID(value: 1), recipient: 0,
            receivedAt: .now(), mayBeRepeat: false)
        try [1, 2].withUnsafeBytes { try writer?.write($0) }
        #expect(try fixture.names("tmp").count == 1)
        writer = nil
        #expect(try fixture.names("tmp").isEmpty && fixture.names("new").isEmpty)
    }

    @Test("a repeat is recognised in new, and in cur behind a reader's flags; other messages and recipients are not taken for it")
    func repeats() throws {
        try fixture.deliver([[1]], message: 1, recipient: 1)
        #expect(try !fixture.deliver([[1]], message: 1, recipient: 1, mayBeRepeat: true))
        #expect(try fixture.deliver([[1]], message: 1, recipient: 11, mayBeRepeat: true))
        #expect(try fixture.deliver([[1]], message: 11, recipient: 1, mayBeRepeat: true))
        let name = fixture.name(message: 1, recipient: 1)
        try POSIXFileSystem().rename("\(fixture.maildir)/new/\(name)", to: "\(fixture.maildir)/cur/\(name):2,S")
        #expect(try !fixture.deliver([[1]], message: 1, recipient: 1, mayBeRepeat: true))
        #expect(try fixture.names("cur") == [name + ":2,S"])
        #expect(try fixture.names("new").count == 2)
    }

    @Test("a repeat is recognised under the name of another host")
    func repeatsAfterRenaming() throws {
        try fixture.deliver([[1]], message: 1)
        let name = fixture.name(message: 1)
        try POSIXFileSystem().rename("\(fixture.maildir)/new/\(name)", to: "\(fixture.maildir)/new/\(name)old.example")
        #expect(try !fixture.deliver([[1]], message: 1, mayBeRepeat: true))
    }

    @Test("of two attempts at once, one delivers, neither replaces or truncates, and nothing stays in tmp")
    func twoAttempts() throws {
        let template = try #require(MaildirPathTemplate("\(folder.path)/{domain}/{user}"))
        let place = try template.folder(of: try #require(EmailAddress(parsing: "user@example.org")))
        let writers = try (0..<2).map { _ in
            try fixture.store.begin(in: place, message: QueueID(value: 1), recipient: 0, receivedAt: fixture.receivedAt, mayBeRepeat: true)
        }
        try [1, 2, 3].withUnsafeBytes { try writers[0].write($0) }
        try [1].withUnsafeBytes { try writers[1].write($0) }
        let whole = try POSIXFileSystem().list("\(fixture.maildir)/tmp").count
        #expect(whole == 2)
        try writers[0].commit()
        try writers[1].commit()
        #expect(try fixture.names("new") == [fixture.name(message: 1)])
        #expect(try fixture.content("new/\(fixture.name(message: 1))") == [1, 2, 3].withUnsafeBytes { Array($0) })
        #expect(try fixture.names("tmp").isEmpty)
    }

    @Test("files in tmp older than 36 hours are removed, younger ones are somebody's")
    func oldTemporaries() throws {
        try fixture.deliver([[1]], message: 1)
        for name in ["cut-off", "folder"] { try POSIXFileSystem().create("\(fixture.maildir)/tmp/\(name)").close() }
        try FileManager.default.removeItem(atPath: "\(fixture.maildir)/tmp/folder")
        try POSIXFileSystem().makeDirectory("\(fixture.maildir)/tmp/folder", mode: 0o700)
        try MaildirFixture(root: folder.path, now: .now() + .seconds(35 * 3600)).deliver([[1]], message: 2)
        #expect(try fixture.names("tmp") == ["cut-off", "folder"])
        try MaildirFixture(root: folder.path, now: .now() + .seconds(37 * 3600)).deliver([[1]], message: 3)
        #expect(try fixture.names("tmp") == ["folder"])
    }

    @Test("a Maildir that was removed while the process runs is made again")
    func removedMaildir() throws {
        try fixture.deliver([[1]], message: 1)
        try FileManager.default.removeItem(atPath: fixture.maildir)
        #expect(try fixture.deliver([[1]], message: 2))
        #expect(try fixture.names("new").count == 1)
    }

    @Test("many threads make the same Maildirs and deliver into them")
    func manyThreads() throws {
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 64) { index in
            do {
                try fixture.deliver([[UInt8(index)]], message: Int64(index), user: index % 2 == 0 ? "user" : "other")
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try fixture.names("new").count == 32)
    }

    @Test(
        "what the core is told names the kind of failure, and no path",
        arguments: [
            (ENOSPC, Reply(452, "4.3.1", "No space left where the mailbox lies")), (EDQUOT, Reply(452, "4.2.2", "The mailbox is full")),
            (EIO, Reply(451, "4.3.0", "The mailbox cannot be written at present")),
            (EACCES, Reply(451, "4.3.0", "The mailbox cannot be written at present")),
        ])
    func replies(number: Int32, reply: Reply) {
        let failure = MaildirFailure.file(FileError(operation: .write, path: "/secret/x", errorNumber: number))
        #expect(failure.reply == reply)
        #expect(failure.description.contains("/secret/x"))
    }

    @Test("a file where the Maildir should be is a failure for the time being")
    func fileInTheWay() throws {
        try POSIXFileSystem().create(folder.path + "/example.org").close()
        let failure = #expect(throws: MaildirFailure.self) { try fixture.deliver([[1]], message: 1) }
        #expect(failure?.reply.code == 451)
    }

    @Test("a host name that could not stand in a file name is changed, and cut")
    func hostNames() throws {
        let store = MaildirStore(host: "a/b:c" + String(repeating: "x", count: 300))
        let template = try #require(MaildirPathTemplate("\(folder.path)/{user}"))
        let writer = try store.begin(
            in: try template.folder(of: try #require(EmailAddress(parsing: "u@example.org"))), message: QueueID(value: 1), recipient: .max,
            receivedAt: .now(), mayBeRepeat: false)
        try writer.commit()
        let name = try #require(try POSIXFileSystem().list("\(folder.path)/u/new").first)
        #expect(name.contains(".a_b_cxxx") && name.utf8.count < 200)
    }
}
