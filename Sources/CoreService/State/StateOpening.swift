import Directory
import DurableStorage
import MessageQueue

/// Opens the state of a core, in the order that no crash makes look like a loss. The folder exists and is locked.
///
/// Call `begin`, `openQueue`, `openDirectory` and `finish`, and take no mail before `finish` has returned.
struct StateOpening {
    let folder: StateFolder
    let fileSystem: any FileSystem
    /// A registered SQLite VFS, for tests; nil for the system's.
    var vfs: String?

    private var admission: StateAdmission { StateAdmission(folder, fileSystem: fileSystem) }

    var contentFiles: ContentFiles { ContentFiles(directory: folder.contentPath, fileSystem: fileSystem) }

    /// - Throws: `MissingState` where a database would be made anew beside another part of the state, or `FileError`.
    func begin() throws { try admission.begin() }

    /// Opens or makes the queue, and makes the folder of the content files where it may be.
    ///
    /// - Throws: also `MissingState` where that folder is gone with content that the queue names.
    func openQueue() throws -> QueueDatabase {
        let path = folder.path(of: .queue)
        // A first start makes the folder before the queue: beside a queue, one that is not there was taken away.
        let contents = try StateContents(of: folder, fileSystem)
        guard try contents.present.contains(.queue) && !fileSystem.exists(folder.contentPath) else {
            try contentFiles.prepare()
            return try QueueDatabase(path: path, vfs: vfs)
        }
        let database = try QueueDatabase(path: path, vfs: vfs)
        guard try !database.namesContentFiles() else { throw MissingState(.contentFolder, in: folder, contents) }
        try contentFiles.prepare()
        return database
    }

    func openDirectory(domains: DirectoryDomains) throws(DirectoryError) -> Directory {
        try Directory(path: folder.path(of: .directory), domains: domains, vfs: vfs)
    }

    func finish() throws(FileError) { try admission.finish() }
}
