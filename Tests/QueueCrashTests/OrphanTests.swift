import CrashModel
import DurableStorage
import MailVocabulary
import MessageQueue
import NIOPosix
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Content files that no message names")
struct OrphanTests {
    @Test("all go but those that are named, in batches; where one cannot be removed the others go, and it is said")
    func removal() async throws {
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
        let removal = try files.removeOrphans(before: ids[1200]) { batch in
            largest = max(largest, batch.count)
            return Set(batch.filter { $0.value % 10 == 0 })
        }
        #expect((1...500).contains(largest))
        #expect(removal.removed == 1200 - 120 - 1)
        #expect(removal.failed == 1)
        #expect(removal.firstFailure?.errorNumber == EACCES)
        recorder.inject(nil)
        let left = Set(try files.fileSystem.list(files.directory))
        let expected = Set(ids.filter { $0.value % 10 == 0 || $0 >= ids[1200] || $0 == stuck }.map(\.description) + ["not an id"])
        #expect(left == expected)
        #expect(try files.removeOrphans(before: ids[1200]) { Set($0.filter { $0.value % 10 == 0 }) } == OrphanRemoval(removed: 1))
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
        let removal = try await fixture.loop.flatSubmit { fixture.removeOrphans(of: files, on: threads) }.get()
        #expect(removal == OrphanRemoval(removed: 2))
        #expect(Set(try files.fileSystem.list(files.directory)) == Set(queued.map(\.description)))
        try await threads.shutdownGracefully()
        try await fixture.close()
    }
}
