import CrashModel
import DurableStorage
import Testing

@Suite("The crash model over files")
struct FileCrashTests {
    private let content = (0..<3000).map { UInt8(truncatingIfNeeded: $0 / 512 + 1) }

    /// Writes a file the careful way, but for what is left out, and says that it is there.
    private func publish(_ recorder: StorageRecorder, syncingFile: Bool, syncingFolder: Bool) throws {
        let files = recorder.fileSystem
        try files.makeDirectories(recorder.root + "/tmp")
        try files.makeDirectories(recorder.root + "/new")
        for name in ["a", "b"] {
            let file = try files.create("\(recorder.root)/tmp/\(name)")
            try file.write(Array(content.prefix(1000)))
            try file.write(Array(content.dropFirst(1000)))
            if syncingFile { try file.sync() }
            try file.close()
            try files.rename("\(recorder.root)/tmp/\(name)", to: "\(recorder.root)/new/\(name)")
            if syncingFolder { try files.syncDirectory(recorder.root + "/new") }
            recorder.mark(name)
        }
    }

    private func problems(_ explorer: CrashExplorer, syncingFile: Bool, syncingFolder: Bool) async throws -> Set<String> {
        let report = try await explorer.run {
            try publish($0, syncingFile: syncingFile, syncingFolder: syncingFolder)
        } recover: { crashed in
            for mark in crashed.marks {
                guard let found = crashed.image.content(of: "new/\(mark)") else { throw CrashViolation("missing") }
                let onDisk = try POSIXFileSystem().open("\(crashed.folder)/new/\(mark)").readAll()
                guard onDisk == found else { throw CrashViolation("the folder differs from the image") }
            }
            for path in crashed.image.paths where path.hasPrefix("new/") {
                let found = crashed.image.content(of: path) ?? []
                if found.count != content.count { throw CrashViolation("truncated") }
                if found != content { throw CrashViolation("damaged") }
            }
        }
        return Set(report.failures.map(\.problem))
    }

    private let explorer = CrashExplorer(policies: CrashPolicy.standard(seeded: 20), maximumFailures: .max)

    @Test("written, synced, renamed and its folder synced: nothing is ever missing or truncated")
    func careful() async throws {
        #expect(try await problems(explorer, syncingFile: true, syncingFolder: true).isEmpty)
    }

    @Test("renamed without a sync of the file: it is found truncated, and torn inside")
    func withoutFileSync() async throws {
        #expect(try await problems(explorer, syncingFile: false, syncingFolder: true).isSuperset(of: ["truncated", "damaged"]))
    }

    @Test("without a sync of the folder it is found missing, though never truncated")
    func withoutFolderSync() async throws {
        #expect(try await problems(explorer, syncingFile: true, syncingFolder: false) == ["missing"])
    }

    @Test("the same seed gives the same images, another one others")
    func replays() async throws {
        func images(seed: UInt64) async throws -> [[String]] {
            var found: [[String]] = []
            _ = try await CrashExplorer(policies: [.seeded(seed)]).run {
                try publish($0, syncingFile: false, syncingFolder: false)
            } recover: { crashed in
                found.append(crashed.image.paths.map { "\($0) \(crashed.image.content(of: $0) ?? [])" })
            }
            return found
        }
        let first = try await images(seed: 7)
        #expect(try await images(seed: 7) == first)
        #expect(try await images(seed: 8) != first)
    }

    @Test("a rename loses neither name of the file, whichever folder is synced", arguments: ["tmp", "new", nil])
    func renameKeepsTheFile(synced: String?) async throws {
        let report = try await CrashExplorer(policies: CrashPolicy.standard(seeded: 10)).run { recorder in
            try publish(recorder, syncingFile: true, syncingFolder: true)
            let files = recorder.fileSystem
            try files.rename(recorder.root + "/new/a", to: recorder.root + "/tmp/a")
            if let synced { try files.syncDirectory("\(recorder.root)/\(synced)") }
        } recover: { crashed in
            guard crashed.marks.contains("a") else { return }
            let names = ["new/a", "tmp/a"].filter { crashed.image.content(of: $0) == content }
            if names.isEmpty { throw CrashViolation("gone") }
        }
        #expect(report.failures.isEmpty, "\(report)")
    }

    @Test("after a sync that failed, a second one that succeeds makes nothing durable")
    func failedSync() async throws {
        func publishTryingTwice(_ recorder: StorageRecorder) throws {
            recorder.inject { $0.operation == .sync && $0.number < 5 ? 5 : nil }
            let file = try recorder.fileSystem.create(recorder.root + "/a")
            try recorder.fileSystem.syncDirectory(recorder.root)
            try file.write(content)
            #expect(throws: FileError.self) { try file.sync() }
            recorder.inject(nil)
            try file.sync()
            recorder.mark("a")
        }
        let report = try await CrashExplorer(points: .last, policies: [.nothing]).run {
            try publishTryingTwice($0)
        } recover: { crashed in
            if crashed.image.content(of: "a") != content { throw CrashViolation("lost") }
        }
        #expect(report.failures.map(\.problem) == ["lost"])
    }

    @Test("what was in the folder when recording began is durable, links stay one file, what lies outside is not recorded")
    func surroundings() async throws {
        let folder = try TemporaryFolder()
        let outside = try TemporaryFolder()
        let system = POSIXFileSystem()
        try system.makeDirectories(folder.path + "/old/deep")
        let file = try system.create(folder.path + "/old/deep/file")
        try file.write(content)
        try file.close()
        let recorder = try StorageRecorder(root: folder.path + "/")
        let files = recorder.fileSystem
        try files.create(outside.path + "/x").close()
        #expect(recorder.steps.isEmpty && recorder.attempts == 0)
        try files.link(folder.path + "/old/deep/file", to: folder.path + "/old/second")
        try files.unlink(folder.path + "/old/deep/file")
        try files.syncDirectory(folder.path + "//old/./deep/")
        let report = try await CrashExplorer(points: .last, policies: [.nothing, .everything, .seeded(1), .seeded(2)]).explore(recorder) {
            crashed in
            guard crashed.image.directories == ["old", "old/deep"] else { throw CrashViolation("\(crashed.image.directories)") }
            guard crashed.image.content(of: "old/deep/file") == nil else { throw CrashViolation("not gone") }
            let second = crashed.image.content(of: "old/second")
            guard second == nil || second == content else { throw CrashViolation("not the same file") }
        }
        #expect(report.failures.isEmpty, "\(report)")
        #expect(recorder.close() && !recorder.close())
    }

    @Test("each step can be made to fail, and says which it was")
    func faults() async throws {
        let (runs, failures) = try await FaultExplorer(errorNumbers: [28]).run { recorder, fault in
            do {
                try publish(recorder, syncingFile: true, syncingFolder: true)
                #expect(fault == nil)
            } catch let error as FileError {
                #expect(fault != nil && error.isNoSpace)
            }
        } recover: { crashed in
            for mark in crashed.marks where crashed.image.content(of: "new/\(mark)") != content { throw CrashViolation("lost") }
        }
        // Two folders with their syncs, and for each file: create, two writes, sync, rename, sync of the folder.
        #expect(runs == 1 + 4 + 12)
        #expect(failures.isEmpty, "\(failures)")
    }
}
