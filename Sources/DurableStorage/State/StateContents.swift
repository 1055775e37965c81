/// What a state folder holds before a core opens it, and whether a start may make what is not there.
///
/// A missing database is no fact about mail: the volume may not be mounted, or the backup restored in part. Made anew beside what is left, an
/// empty queue would make an orphan of every content file, and an empty directory would answer "unknown" to everybody.
public struct StateContents: Hashable, Sendable {
    /// Databases that are there, with at least one octet: SQLite takes an empty file for a new database.
    public var present: Set<StateFolder.Database> = []
    /// Databases of which only the log or the shared memory is left.
    public var remains: Set<StateFolder.Database> = []
    /// Names in the folder of the content files, counted up to `mostCounted`.
    public var contentFiles = 0
    /// Databases that a first start has not finished making, or that an administrator has given up.
    public var permitted: Set<StateFolder.Database> = []

    public static let mostCounted = 1000

    public init() {}

    /// Looks into the folder; one that does not exist holds nothing.
    public init(of folder: StateFolder, _ fileSystem: any FileSystem) throws(FileError) {
        for database in StateFolder.Database.allCases {
            let path = folder.path(of: database)
            if let status = try fileSystem.status(of: path), status.size > 0 { present.insert(database) }
            for suffix in ["-wal", "-shm"] where try fileSystem.exists(path + suffix) { remains.insert(database) }
            if try fileSystem.exists(folder.permitPath(of: database)) { permitted.insert(database) }
        }
        remains.subtract(present)
        guard try fileSystem.exists(folder.contentPath) else { return }
        var count = 0
        try fileSystem.forEachName(in: folder.contentPath) { _ in
            count += 1
            return count < Self.mostCounted
        }
        contentFiles = count
    }

    /// Nothing of any state is there.
    public var isEmpty: Bool { present.isEmpty && remains.isEmpty && contentFiles == 0 }

    /// Databases that are not there.
    public var absent: [StateFolder.Database] { StateFolder.Database.allCases.filter { !present.contains($0) } }

    /// Databases that must not be made anew.
    public var missing: [StateFolder.Database] { isEmpty ? [] : absent.filter { !permitted.contains($0) } }
}
