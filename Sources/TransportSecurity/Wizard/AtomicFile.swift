#if canImport(Glibc)
    import Glibc
#endif

/// Writes a file so that it is there whole and durable, or as it was before.
enum AtomicFile {
    /// - Parameter mode: permission bits, whatever the umask is; the file never has more than these.
    static func write(_ octets: [UInt8], to path: String, mode: mode_t) throws(CertificateError) {
        let temporary = "\(path).new.\(getpid())"
        func failure() -> CertificateError { .cannotWrite(path: path, errorNumber: errno) }
        // One that a process of the same number left behind is nobody's.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0o600)
        guard descriptor >= 0 else { throw failure() }
        var isDone = false
        defer { if !isDone { unlink(temporary) } }
        do throws(CertificateError) {
            var rest = octets[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure() }
                rest = rest.dropFirst(count)
            }
            guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw failure() }
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0, rename(temporary, path) == 0 else { throw failure() }
        isDone = true
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws(CertificateError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotWrite(path: folder, errorNumber: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: folder, errorNumber: errno) }
    }
}
