import DurableStorage
import Foundation
import Testing

/// What a start may make anew, and what it must not.
@Suite("Missing parts of the state")
struct StateAdmissionTests {
    private final class Folder {
        let state: StateFolder
        private let fileSystem = POSIXFileSystem()
        init(_ names: [String] = []) throws {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("postern-state-\(UUID().uuidString)").path
            state = StateFolder(path: path)
            try FileManager.default.createDirectory(atPath: "\(path)/content", withIntermediateDirectories: true)
            for name in names { try write(name) }
        }
        // What is left over lies in the folder for temporary files.
        deinit { try? FileManager.default.removeItem(atPath: state.path) }
        func write(_ name: String) throws {
            let isEmpty = name.hasSuffix(" (empty)")
            try FileManager.default.createDirectory(
                atPath: FilePath.parent(of: "\(state.path)/\(name)"), withIntermediateDirectories: true)
            let file = try fileSystem.create("\(state.path)/\(isEmpty ? String(name.dropLast(8)) : name)")
            if !isEmpty { try file.write([1]) }
            try file.close()
        }
        var admission: StateAdmission { StateAdmission(state, fileSystem: fileSystem) }
        func missing() throws -> [StateFolder.Database] { try StateContents(of: state, fileSystem).missing }
        var names: Set<String> { get throws { Set(try fileSystem.list(state.path)) } }
    }

    @Test(
        "a database is not made anew beside the other one, its own log, or content files; a state without anything is a first start",
        arguments: [
            ([], []),
            (["lock"], []),
            (["queue.sqlite (empty)"], []),
            (["queue.sqlite", "directory.sqlite"], []),
            (["queue.sqlite", "queue.sqlite-wal", "directory.sqlite", "content/1k0ztak51zs"], []),
            (["directory.sqlite"], [.queue]),
            (["queue.sqlite"], [.directory]),
            (["queue.sqlite (empty)", "directory.sqlite"], [.queue]),
            (["directory.sqlite", "content/1k0ztak51zs"], [.queue]),
            (["content/1k0ztak51zs"], [.queue, .directory]),
            (["content/aside/1k0ztak51zs"], [.queue, .directory]),
            (["queue.sqlite-wal"], [.queue, .directory]),
            (["queue.sqlite-shm", "directory.sqlite"], [.queue]),
            (["queue.sqlite", "directory.sqlite-wal"], [.directory]),
            // A first start that was cut off, and what an administrator has given up.
            (["queue.sqlite", "queue-may-be-new", "directory-may-be-new"], []),
            (["queue-may-be-new"], []),
            (["directory.sqlite", "content/1k0ztak51zs", "queue-may-be-new"], []),
            (["content/1k0ztak51zs", "queue-may-be-new"], [.directory]),
        ] as [([String], [StateFolder.Database])])
    func combinations(names: [String], missing: [StateFolder.Database]) throws {
        let folder = try Folder(names)
        #expect(try folder.missing() == missing)
        let before = try folder.names
        if missing.isEmpty {
            try folder.admission.begin()
        } else {
            #expect(throws: MissingState.self) { try folder.admission.begin() }
            #expect(try folder.names == before, "a refused start changes nothing")
        }
    }

    @Test("the refusal names the missing file, what is there, and what to do")
    func words() throws {
        let folder = try Folder(["directory.sqlite", "queue.sqlite-wal", "content/1k0ztak51zs", "content/1k0ztak51zt"])
        let path = folder.state.path
        #expect(throws: MissingState.self) {
            do { try folder.admission.begin() } catch {
                #expect(
                    "\(error)"
                        == "\(path) has no queue.sqlite (the mail that waits), but this is there: directory.sqlite, the log of queue.sqlite, "
                        + "2 files in content/. Nothing was made anew. Mount the volume or restore the backup; only if the data is lost for "
                        + "good, run `postern recover queue --accept-missing` and start again")
                throw error
            }
        }
    }

    @Test("a first start leaves no permit behind, so that a loss after it is one")
    func permits() throws {
        let folder = try Folder()
        try folder.admission.begin()
        #expect(try folder.names.isSuperset(of: ["queue-may-be-new", "directory-may-be-new"]))
        try folder.write("queue.sqlite")
        try folder.write("directory.sqlite")
        try folder.admission.finish()
        #expect(try folder.names == ["queue.sqlite", "directory.sqlite", "content"])
        try FileManager.default.removeItem(atPath: folder.state.path(of: .directory))
        #expect(try folder.missing() == [.directory])
    }
}
