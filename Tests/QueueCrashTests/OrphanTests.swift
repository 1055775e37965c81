import CrashModel
import DurableStorage
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Content files that no message names")
struct OrphanTests {
    @Test("all are set aside but those that are named, in batches; where one cannot be, the others are, and it is said")
    func settingAside() async throws {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        defer { recorder.close() }
        let files = ContentFiles(directory: "\(recorder.root)/content", fileSystem: recorder.fileSystem)
        try files.prepare()
        let ids = (1...1300).map { QueueID(value: Int64($0)) }
        for id in ids { try files.fileSystem.create(files.path(of: id)).close() }
        let stranger = try files.fileSystem.create("\(files.directory)/not an id")
        try stranger.close()
        let stuck = ids[17]
        recorder.inject { $0.operation == .unlink && $0.path.hasSuffix("\(stuck)") ? EACCES : nil }
        var largest = 0
        // The youngest are of transactions under way.
        let sweep = try files.setOrphansAside(before: ids[1200]) { batch in
            largest = max(largest, batch.count)
            return Set(batch.filter { $0.value % 10 == 0 })
        }
        #expect((1...500).contains(largest))
        #expect(sweep.setAside == 1200 - 120 - 1)
        #expect(sweep.failed == 1)
        #expect(sweep.firstFailure?.errorNumber == EACCES)
        recorder.inject(nil)
        let left = Set(try files.fileSystem.list(files.directory))
        let kept = Set(ids.filter { $0.value % 10 == 0 || $0 >= ids[1200] || $0 == stuck }.map(\.description) + ["not an id", "aside"])
        #expect(left == kept)
        #expect(try files.fileSystem.list(files.asideDirectory).count == 1200 - 120)
        #expect(try files.setOrphansAside(before: ids[1200]) { Set($0.filter { $0.value % 10 == 0 }) } == OrphanSweep(setAside: 1))
    }

    @Test("the store looks for them beside its other work: what is queued is kept")
    func beside() async throws {
        let fixture = try await StoreFixture()
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let files = ContentFiles(directory: "\(fixture.recorder.root)/content", fileSystem: fixture.recorder.fileSystem)
        try files.prepare()
        let queued = try await fixture.enqueue(3)
        for id in queued + [QueueID(value: 5), QueueID(value: 6)] { try files.fileSystem.create(files.path(of: id)).close() }
        let sweep = try await fixture.loop.flatSubmit { fixture.setOrphansAside(of: files, on: threads) }.get()
        #expect(sweep == OrphanSweep(setAside: 2))
        #expect(Set(try files.fileSystem.list(files.directory)) == Set(queued.map(\.description) + ["aside"]))
        try await threads.shutdownGracefully()
        try await fixture.close()
    }

    @Test("what is aside stays for seven days from the day it came there, is counted, and then goes")
    func keptForDays() throws {
        let folder = try TemporaryFolder()
        let files = ContentFiles(directory: "\(folder.path)/content", fileSystem: POSIXFileSystem())
        try files.prepare()
        #expect(try files.sweepAside(now: .now()).files == 0)
        let orphan = try files.fileSystem.create(files.path(of: QueueID(value: 5)))
        try orphan.write(Array("Subject: kept\r\n".utf8))
        try orphan.close()
        #expect(try files.setOrphansAside(before: QueueID(value: 9)) { _ in [] }.setAside == 1)
        let day = Duration.seconds(24 * 60 * 60)
        let sixth = try files.sweepAside(now: .now() + day * 6)
        #expect((sixth.files, sixth.octets, sixth.removed) == (1, 15, 0))
        #expect(try files.fileSystem.open(files.asidePath(of: QueueID(value: 5))).readAll() == Array("Subject: kept\r\n".utf8))
        let eighth = try files.sweepAside(now: .now() + day * 8)
        #expect((eighth.files, eighth.octets, eighth.removed) == (0, 0, 1))
        #expect(try files.fileSystem.list(files.asideDirectory).isEmpty)
    }

    @Test("damaged content stays aside after its message has left the queue, from a file and from the database")
    func damagedContent() throws {
        let folder = try TemporaryFolder()
        let files = ContentFiles(directory: "\(folder.path)/content", fileSystem: POSIXFileSystem())
        try files.prepare()
        let (inFile, inline) = (QueueID(value: 5), QueueID(value: 6))
        let file = try files.fileSystem.create(files.path(of: inFile))
        try file.write(Array("in a file".utf8))
        try file.close()
        for _ in 1...2 {
            try files.keepAside(inFile)
            try files.keepAside(inline, ByteBuffer(string: "in the database"))
        }
        try files.remove(inFile)
        #expect(try files.fileSystem.open(files.asidePath(of: inFile)).readAll() == Array("in a file".utf8))
        #expect(try files.fileSystem.open(files.asidePath(of: inline)).readAll() == Array("in the database".utf8))
    }

    @Test("a power loss while orphans are set aside loses none of them: each is found under its old name or the new one, whole")
    func powerLoss() async throws {
        let ids = (1...3).map { QueueID(value: Int64($0)) }
        let report = try await CrashExplorer().run { recorder in
            let files = ContentFiles(directory: "\(recorder.root)/content", fileSystem: recorder.fileSystem)
            try files.prepare()
            for id in ids {
                let file = try files.fileSystem.create(files.path(of: id))
                try file.write(Array("\(id)".utf8))
                try file.sync()
                try file.close()
            }
            try files.syncFolder()
            recorder.mark("there")
            _ = try files.setOrphansAside(before: QueueID(value: 9)) { $0.contains(ids[1]) ? [ids[1]] : [] }
            recorder.mark("aside")
        } recover: { crashed in
            guard crashed.marks.contains("there") else { return }
            let files = ContentFiles(directory: "\(crashed.folder)/content", fileSystem: POSIXFileSystem())
            for id in ids {
                let places = [files.path(of: id), files.asidePath(of: id)]
                guard let place = try places.first(where: { try files.fileSystem.exists($0) }) else {
                    throw CrashViolation("\(id) is lost")
                }
                guard try files.fileSystem.open(place).readAll() == Array("\(id)".utf8) else { throw CrashViolation("\(id) is not whole") }
                if id == ids[1], place != places[0] { throw CrashViolation("\(id) is named, and aside") }
                if crashed.marks.contains("aside"), id != ids[1], place != places[1] { throw CrashViolation("\(id) is not aside") }
            }
            // The next start goes on from there.
            _ = try files.setOrphansAside(before: QueueID(value: 9)) { $0.contains(ids[1]) ? [ids[1]] : [] }
            let aside = try files.fileSystem.list(files.asideDirectory).sorted()
            guard aside == [ids[0], ids[2]].map(\.description).sorted() else {
                throw CrashViolation("aside after the next start: \(aside)")
            }
        }
        #expect(report.failures.isEmpty, "\(report)")
        #expect(report.images > 10)
    }
}
