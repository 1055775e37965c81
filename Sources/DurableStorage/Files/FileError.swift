#if canImport(Glibc)
    import Glibc
#endif

/// What the file system said when it could not do what was asked: which call failed, on which file, and why.
public struct FileError: Error, Hashable, Sendable {
    /// What was asked of it.
    public enum Operation: String, Hashable, Sendable {
        case create, open, read, write, sync, close, rename, link, unlink, makeDirectory, list, syncDirectory, status
    }

    public let operation: Operation
    /// The file or folder, as the caller named it.
    public let path: String
    /// The `errno` of the system call.
    public let errorNumber: Int32

    public init(operation: Operation, path: String, errorNumber: Int32) {
        (self.operation, self.path, self.errorNumber) = (operation, path, errorNumber)
    }

    /// The disk or the quota is full: the same may succeed when space returns.
    public var isNoSpace: Bool { errorNumber == ENOSPC || errorNumber == EDQUOT }

    /// The file, or a folder on the way to it, does not exist.
    public var isMissing: Bool { errorNumber == ENOENT }

    /// A name that had to be new is taken.
    public var alreadyExists: Bool { errorNumber == EEXIST }
}

extension FileError: CustomStringConvertible {
    public var description: String { "\(operation.rawValue) \(path): \(String(cString: strerror(errorNumber)))" }
}
