/// Puts a recovered database in the place of a damaged one, which is kept under another name. Every state that a crash can leave is taken up
/// again by the next call.
public struct DamagedFiles: Sendable {
    private let folder: StateFolder
    private let database: StateFolder.Database
    private let fileSystem: any FileSystem

    public init(_ database: StateFolder.Database, in folder: StateFolder, fileSystem: any FileSystem) {
        (self.database, self.folder, self.fileSystem) = (database, folder, fileSystem)
    }

    private var path: String { folder.path(of: database) }
    /// The new database while it is made.
    public var unfinishedPath: String { "\(path).recovering" }
    /// The new database when it is whole.
    private var finishedPath: String { "\(path).recovered" }
    public var scratchPath: String { "\(path).scratch" }

    /// Whether an earlier recovery has made the new database, and did not come to its end.
    public var isFinished: Bool { get throws(FileError) { try fileSystem.exists(finishedPath) } }

    /// Removes what an earlier recovery has left unfinished.
    public func clear() throws(FileError) {
        for path in [unfinishedPath, scratchPath] {
            for suffix in ["", "-journal", "-wal", "-shm"] { try removeIfThere(path + suffix) }
        }
    }

    /// The new database is whole and synced.
    public func finish() throws(FileError) {
        try fileSystem.rename(unfinishedPath, to: finishedPath)
        try fileSystem.syncDirectory(folder.path)
        try clear()
    }

    /// Keeps the damaged file and its log under a name with this mark, and puts the new database in its place.
    ///
    /// - Returns: where the damaged file is now; nil where an earlier call has kept it.
    public func install(mark: String) throws(FileError) -> String? {
        let kept = try keep(mark: mark)
        // The log first gone would leave an older state of the damaged file; the log beside the new file would be taken for its own.
        for suffix in ["", "-wal", "-shm"] { try removeIfThere(path + suffix) }
        try fileSystem.syncDirectory(folder.path)
        try fileSystem.rename(finishedPath, to: path)
        try fileSystem.syncDirectory(folder.path)
        return kept
    }

    /// Gives what is there of the database other names, durably, and leaves the old names.
    private func keep(mark: String) throws(FileError) -> String? {
        let aside = "\(path).damaged-\(mark)"
        var isKept = false
        for suffix in ["", "-wal"] where try fileSystem.exists(path + suffix) {
            do throws(FileError) { try fileSystem.link(path + suffix, to: aside + suffix) } catch  where error.alreadyExists {}
            isKept = true
        }
        try fileSystem.syncDirectory(folder.path)
        return isKept ? aside : nil
    }

    /// Sets the log of a database aside whose file is missing, so that a new one does not begin with it.
    public func keepRemains(mark: String) throws(FileError) {
        _ = try keep(mark: mark)
        for suffix in ["", "-wal", "-shm"] { try removeIfThere(path + suffix) }
        try fileSystem.syncDirectory(folder.path)
    }

    private func removeIfThere(_ path: String) throws(FileError) {
        do throws(FileError) { try fileSystem.unlink(path) } catch  where error.isMissing {}
    }
}
