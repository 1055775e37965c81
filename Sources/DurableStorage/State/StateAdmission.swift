/// Lets a core make the databases that are not there, where that is a first start, and nowhere else.
///
/// The permits of a first start are durable before the first database is made, and are removed when both are durable, before any mail
/// comes in. So every state that a crash can leave is either refused rightly or taken up again.
public struct StateAdmission: Sendable {
    public let folder: StateFolder
    public let fileSystem: any FileSystem

    public init(_ folder: StateFolder, fileSystem: any FileSystem) { (self.folder, self.fileSystem) = (folder, fileSystem) }

    /// Call before any part of the state is made. The folder exists.
    ///
    /// - Returns: what was there.
    /// - Throws: `MissingState`, or `FileError`.
    @discardableResult
    public func begin() throws -> StateContents {
        let contents = try StateContents(of: folder, fileSystem)
        guard contents.missing.isEmpty else { throw MissingState(.databases(contents.missing), in: folder, contents) }
        for database in contents.absent where !contents.permitted.contains(database) { try permit(database) }
        // Also where they were there: whoever made them may not have come to the sync.
        if !contents.absent.isEmpty { try fileSystem.syncDirectory(folder.path) }
        return contents
    }

    /// Call when both databases are made. Durable when it returns.
    public func finish() throws(FileError) {
        // SQLite does not tell of a failed sync of the folder when it makes its files.
        try fileSystem.syncDirectory(folder.path)
        var isChanged = false
        for database in StateFolder.Database.allCases where try fileSystem.exists(folder.permitPath(of: database)) {
            try fileSystem.unlink(folder.permitPath(of: database))
            isChanged = true
        }
        if isChanged { try fileSystem.syncDirectory(folder.path) }
    }

    /// Lets the next start make this database anew; durable after a sync of the folder.
    public func permit(_ database: StateFolder.Database) throws(FileError) {
        do throws(FileError) { try fileSystem.create(folder.permitPath(of: database)).close() } catch  where error.alreadyExists {}
    }
}
