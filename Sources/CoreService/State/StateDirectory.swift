import DurableStorage
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// The folder with queue and directory: made where it is missing, and held by one core at a time.
final class StateDirectory {
    let path: String
    private let lock: FolderLock

    /// What lies in it.
    var folder: StateFolder { StateFolder(path: path) }

    /// - Parameter owner: whose the folder and the lock become, where it is root that makes them.
    /// - Throws: `FileError`, or `FolderLock.InUse`.
    init(path: String, owner: Account?, fileSystem: any FileSystem) throws {
        self.path = path
        try fileSystem.makeDirectories(path, mode: 0o700)
        lock = try FolderLock(folder: path)
        if let owner {
            for made in [path, lock.path] where chown(made, owner.userID, owner.groupID) != 0 {
                throw FileError(operation: .makeDirectory, path: made, errorNumber: errno)
            }
        }
    }
}
