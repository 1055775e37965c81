#if canImport(Glibc)
    import Glibc
#endif

/// What a file system has left.
public struct FreeSpace: Hashable, Sendable {
    /// Octets that this process may still write.
    public let available: UInt64
    /// Octets of the whole file system.
    public let total: UInt64

    /// Asks the file system that the path lies on (`statvfs(3)`).
    ///
    /// - Throws: `FileError`.
    public init(at path: String) throws(FileError) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw FileError(operation: .status, path: path, errorNumber: errno) }
        available = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        total = UInt64(status.f_blocks) * UInt64(status.f_frsize)
    }
}
