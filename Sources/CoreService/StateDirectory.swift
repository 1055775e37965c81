import DurableStorage
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// The folder with queue and directory: made where it is missing, and held by one core at a time.
final class StateDirectory {
    struct InUse: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) is in use by another postern-core" }
    }

    let path: String
    private let lock: Int32

    var queuePath: String { "\(path)/queue.sqlite" }
    var directoryPath: String { "\(path)/directory.sqlite" }
    var contentPath: String { "\(path)/content" }

    /// - Parameter owner: whose the folder and the lock become, where it is root that makes them.
    /// - Throws: `FileError`, or `InUse`.
    init(path: String, owner: Account?, fileSystem: any FileSystem) throws {
        self.path = path
        try fileSystem.makeDirectories(path, mode: 0o700)
        let file = "\(path)/lock"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw FileError(operation: .open, path: file, errorNumber: errno) }
        if let owner {
            for made in [path, file] where chown(made, owner.userID, owner.groupID) != 0 {
                throw FileError(operation: .makeDirectory, path: made, errorNumber: errno)
            }
        }
        // Gone with the process, however it ends.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(lock)
            throw reason == EWOULDBLOCK ? InUse(path: path) as any Error : FileError(operation: .open, path: file, errorNumber: reason)
        }
    }

    deinit { close(lock) }
}
