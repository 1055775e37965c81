import Directory
import DurableStorage
import Foundation
import MailVocabulary
import NIOCore
import Testing
import TrustedFiles

@testable import CommandLineTool
@testable import MessageQueue

@Suite("postern recover")
struct StateRecoveryTests {
    private final class State {
        let folder: StateFolder
        let fileSystem = POSIXFileSystem()
        var recovery: StateRecovery { StateRecovery(folder, fileSystem: fileSystem, now: Timestamp(seconds: 1_800_000_000)) }

        init() throws {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("postern-recover-\(UUID().uuidString)").path
            folder = StateFolder(path: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let database = try QueueDatabase(path: folder.path(of: .queue))
            for number in 1...40 {
                let id = QueueID(value: Int64(number))
                try database.apply([
                    .enqueue(
                        QueuedMessage(
                            id: id, receivedAt: Timestamp(microseconds: id.value), sender: EnvelopeSender(reversePath: .null),
                            origin: .system, size: 2000, has8BitOctets: false,
                            content: .inline(ByteBuffer(repeating: 0x61, count: 2000)),
                            recipients: [
                                QueuedRecipient(
                                    index: 0, recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u@far.test")!),
                                    route: Route(connector: "far", nextHop: "domain:far.test", carrier: .delivery))
                            ]))
                ])
            }
            try database.checkpoint()
            _ = try Directory(path: folder.path(of: .directory), domains: DirectoryDomains(authoritative: [], shared: []))
        }

        // What is left over lies in the folder for temporary files.
        deinit { try? FileManager.default.removeItem(atPath: folder.path) }

        func destroyFirstPage(of database: StateFolder.Database) throws {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path(of: database)))
            try handle.write(contentsOf: Data(repeating: 0x5A, count: 4096))
            try handle.close()
        }

        var messages: Int { get throws { try QueueDatabase(path: folder.path(of: .queue)).counts.messages } }
        var missing: [StateFolder.Database] { get throws { try StateContents(of: folder, fileSystem).missing } }
        var names: Set<String> { get throws { Set(try fileSystem.list(folder.path)) } }
    }

    @Test("a damaged queue is replaced by what can be read of it, the damaged file is kept, and both are said")
    func damagedQueue() throws {
        let state = try State()
        try state.destroyFirstPage(of: .queue)
        let lines = try state.recovery.recover(.queue)
        let kept = "\(state.folder.path)/queue.sqlite.damaged-1800000000"
        #expect(
            lines == [
                "messages: 40 saved, 0 known to be lost", "recipients: 40 saved, 0 known to be lost",
                "The first page could not be read; that of a new database was used in its place.",
                "The damaged file is kept as \(kept); remove it when you do not need it any more.", "Now start the core.",
            ])
        #expect(try state.messages == 40)
        #expect(try state.fileSystem.open(kept).readAll(limit: 4) == [0x5A, 0x5A, 0x5A, 0x5A])
        #expect(try state.names.filter { $0.contains("recover") || $0.contains("scratch") }.isEmpty)
        #expect(try state.recovery.recover(.queue) == ["\(state.folder.path)/queue.sqlite is sound; nothing was changed."])
    }

    @Test("a recovery that was cut off before the new file was in place goes on, also where the damaged file is gone already")
    func cutOff() throws {
        let state = try State()
        let path = state.folder.path(of: .queue)
        try state.fileSystem.rename(path, to: path + ".recovered")
        try Data("old".utf8).write(to: URL(fileURLWithPath: path + "-wal"))
        #expect(try state.missing == [.queue])
        #expect(throws: StateRecovery.Refusal.self) { try state.recovery.accept(.queue) }
        let lines = try state.recovery.recover(.queue)
        #expect(lines.first == "An earlier recovery is finished: queue.sqlite is the new database.")
        #expect(try state.messages == 40)
        #expect(try state.fileSystem.exists(path + ".damaged-1800000000-wal"), "the log of the damaged file is kept")
    }

    @Test("nothing is done beside a running core, to a sound file, or where there is none")
    func refusals() throws {
        let state = try State()
        func refusal(_ body: () throws -> [String]) -> String {
            do { return try body().joined() } catch { return "\(error)" }
        }
        let path = state.folder.path
        do {
            let lock = try FolderLock(folder: path)
            #expect(refusal { try state.recovery.recover(.queue) } == "\(path) is in use by a running postern-core: stop it first")
            withExtendedLifetime(lock) {}
        }
        #expect(refusal { try state.recovery.recover(.queue) } == "\(path)/queue.sqlite is sound; nothing was changed.")
        #expect(
            refusal { try state.recovery.accept(.directory) }
                == "\(path)/directory.sqlite is there, so nothing is missing; `postern recover directory` looks at it")
        try state.fileSystem.unlink("\(path)/directory.sqlite")
        #expect(
            refusal { try state.recovery.recover(.directory) }
                == "there is no \(path)/directory.sqlite to recover: mount the volume or restore the backup; where it is lost for good, "
                + "`postern recover directory --accept-missing`")
        let nowhere = StateRecovery(StateFolder(path: path + "/nowhere"), fileSystem: POSIXFileSystem())
        #expect(refusal { try nowhere.recover(.queue) } == "there is no state folder \(path)/nowhere: is its volume mounted?")
    }

    @Test("a database given up is made anew by the next start, and no other is")
    func accepted() throws {
        let state = try State()
        // Some are not there.
        for suffix in ["", "-wal", "-shm"] { try? state.fileSystem.unlink(state.folder.path(of: .directory) + suffix) }
        #expect(try state.missing == [.directory])
        #expect(
            try state.recovery.accept(.directory) == ["The next start of the core makes an empty directory.sqlite in \(state.folder.path)."]
        )
        #expect(try state.missing.isEmpty)
        try StateAdmission(state.folder, fileSystem: state.fileSystem).begin()
        try state.fileSystem.makeDirectories("\(state.folder.contentPath)/aside")
        try state.fileSystem.unlink(state.folder.path(of: .queue))
        #expect(try state.missing == [.queue])
    }
}
