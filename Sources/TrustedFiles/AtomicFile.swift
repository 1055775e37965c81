import Glibc

/// Writes a file so that it is there whole and durable, with its owner and mode, or as it was before.
public enum AtomicFile {
    /// Replaces a file, or makes it.
    ///
    /// - Parameters:
    ///   - mode: permission bits, whatever the umask is; the file never has more than these.
    ///   - owner: whose it becomes; nil leaves it this process's.
    /// - Throws: ``TrustedFileError``
    public static func write(_ octets: [UInt8], to path: String, mode: mode_t, owner: FileOwner? = nil) throws(TrustedFileError) {
        let (folder, name) = try place(path)
        let temporary = "\(name).new.\(getpid())"
        // One that a process of the same number left behind is nobody's.
        unlinkat(folder.descriptor, temporary, 0)
        try fill(temporary, in: folder, octets, mode, owner, shown: path)
        guard renameat(folder.descriptor, temporary, folder.descriptor, name) == 0 else {
            let error = TrustedFolder.failure("write", path)
            unlinkat(folder.descriptor, temporary, 0)
            throw error
        }
        guard fsync(folder.descriptor) == 0 else { throw TrustedFolder.failure("sync", folder.path) }
    }

    /// Makes a file that is not there yet.
    ///
    /// - Throws: `alreadyExists`, and ``TrustedFileError`` otherwise.
    public static func create(_ octets: [UInt8], at path: String, mode: mode_t, owner: FileOwner? = nil) throws(TrustedFileError) {
        let (folder, name) = try place(path)
        try fill(name, in: folder, octets, mode, owner, shown: path)
        guard fsync(folder.descriptor) == 0 else { throw TrustedFolder.failure("sync", folder.path) }
    }

    private static func place(_ path: String) throws(TrustedFileError) -> (folder: TrustedFolder, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (try .open("."), path) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (try .open(folder), String(path[path.index(after: slash)...]))
    }

    private static func fill(
        _ name: String, in folder: TrustedFolder, _ octets: [UInt8], _ mode: mode_t, _ owner: FileOwner?, shown path: String
    ) throws(TrustedFileError) {
        let descriptor = openat(folder.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw .alreadyExists(path: path) }
            throw TrustedFolder.failure("write", path)
        }
        var isDone = false
        defer {
            close(descriptor)
            if !isDone { unlinkat(folder.descriptor, name, 0) }
        }
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TrustedFolder.failure("write", path) }
            rest = rest.dropFirst(count)
        }
        if let owner, fchown(descriptor, owner.userID, owner.groupID) != 0 { throw TrustedFolder.failure("change the owner of", path) }
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw TrustedFolder.failure("write", path) }
        isDone = true
    }
}
