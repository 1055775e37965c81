import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// The file system of the machine.
public struct POSIXFileSystem: FileSystem {
    public init() {}

    public func create(_ path: String, mode: UInt32) throws(FileError) -> any OpenFile {
        let descriptor = try call(.create, path) { Glibc.open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode) }
        return POSIXFile(descriptor: descriptor, path: path)
    }

    public func open(_ path: String) throws(FileError) -> any OpenFile {
        POSIXFile(descriptor: try call(.open, path) { Glibc.open(path, O_RDONLY | O_CLOEXEC) }, path: path)
    }

    public func rename(_ path: String, to newPath: String) throws(FileError) {
        try call(.rename, path) { Glibc.rename(path, newPath) }
    }

    public func link(_ path: String, to newPath: String) throws(FileError) {
        try call(.link, newPath) { Glibc.link(path, newPath) }
    }

    public func unlink(_ path: String) throws(FileError) { try call(.unlink, path) { Glibc.unlink(path) } }

    public func makeDirectory(_ path: String, mode: UInt32) throws(FileError) {
        try call(.makeDirectory, path) { mkdir(path, mode) }
    }

    public func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = try call(.syncDirectory, path) { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        try call(.syncDirectory, path) { fsync(descriptor) }
    }

    public func forEachName(in directory: String, _ visit: (String) -> Bool) throws(FileError) {
        guard let stream = opendir(directory) else { throw FileError(operation: .list, path: directory, errorNumber: errno) }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                // End and failure look alike but for errno.
                if errno != 0 { throw FileError(operation: .list, path: directory, errorNumber: errno) }
                return
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(validating: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let name, name != ".", name != ".." else { continue }
            if !visit(name) { return }
        }
    }

    public func status(of path: String) throws(FileError) -> FileStatus? {
        var status = stat()
        do {
            try call(.status, path) { stat(path, &status) }
        } catch {
            if error.errorNumber == ENOENT || error.errorNumber == ENOTDIR { return nil }
            throw error
        }
        return FileStatus(
            size: Int(status.st_size), isDirectory: status.st_mode & S_IFMT == S_IFDIR, modifiedAt: Self.time(status.st_mtim),
            changedAt: Self.time(status.st_ctim))
    }

    private static func time(_ time: timespec) -> Timestamp {
        Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// Makes a system call again while a signal interrupts it.
///
/// - Throws: its `errno` where it returns a negative number.
@discardableResult
func call<Result: SignedInteger>(
    _ operation: FileError.Operation, _ path: String, _ body: () -> Result
) throws(FileError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = errno
        if number != EINTR { throw FileError(operation: operation, path: path, errorNumber: number) }
    }
}
