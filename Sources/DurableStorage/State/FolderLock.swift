#if canImport(Glibc)
    import Glibc
#endif

/// Holds a folder for one core at a time, for as long as the process lives, however it ends.
public final class FolderLock: Sendable {
    public struct InUse: Error, Sendable, CustomStringConvertible {
        public let path: String
        public var description: String { "\(path) is in use by another postern-core" }
    }

    /// The file that is locked.
    public let path: String
    private let descriptor: Int32

    /// - Throws: `InUse`, or `FileError`.
    public init(folder: String) throws {
        path = "\(folder)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(operation: .open, path: path, errorNumber: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            throw reason == EWOULDBLOCK ? InUse(path: folder) as any Error : FileError(operation: .open, path: path, errorNumber: reason)
        }
    }

    deinit { close(descriptor) }
}
