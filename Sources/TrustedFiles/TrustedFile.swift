import Glibc

/// A file that is read whole, over a way that no less trusted account has laid.
///
/// Root reads secrets for daemons: keys, certificates, passwords. Were it to open them by their paths, whoever owns a folder on the way could
/// have it read any file of the machine, by a symbolic link or another name of the same file. Here each step goes from one descriptor to the
/// next, as in ``TrustedFolder``, and what else could change the file is told (``exposures``).
public struct TrustedFile: Sendable {
    /// By what a change of a file shows. Two of them that differ are two states of the file.
    public struct Signature: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        /// Since 1970, of the content.
        public let modifiedNanoseconds: Int64
        /// Since 1970, of content or attributes.
        public let changedNanoseconds: Int64

        init(_ status: stat) {
            (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
            modifiedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            changedNanoseconds = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        }
    }

    public let octets: [UInt8]
    /// From before the first octet was read: a later change gives another one.
    public let signature: Signature
    /// Permission bits.
    public let mode: UInt32
    /// Who else could change what a process that is root has read: the file, or a folder that it lies in. Empty for anybody but root, who
    /// gains nothing by knowing.
    public let exposures: [FileExposure]

    /// Reads a file whole. Blocks on the disk.
    ///
    /// - Parameters:
    ///   - limit: octets; of a longer file nothing is read beyond.
    ///   - orNull: whether the null device (null(4)) will do, for an empty file: so a list is switched off whose default is a file of the
    ///     system. For what is no secret.
    ///   - accounts: user IDs besides root's that may change the file and its folders: those that root reads it for.
    /// - Throws: ``TrustedFileError``; also with `EISDIR`; `notARegularFile`, `tooLarge`; as root `untrustedLink`, and `severalNames` where the file lies in another
    ///   account's folder and has a name elsewhere as well.
    public static func read(
        _ path: String, limit: Int, orNull: Bool = false, trusting accounts: Set<UInt32> = []
    ) throws(TrustedFileError) -> TrustedFile {
        let (descriptor, folder) = try open(path, orNull: orNull)
        defer { close(descriptor) }
        let status = try TrustedFolder.status(descriptor, path)
        var octets: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw TrustedFolder.failure("read", path) }
            if count == 0 { break }
            octets += block[..<count]
            guard octets.count <= limit else { throw .tooLarge(path: path, limit: limit) }
        }
        return TrustedFile(
            octets: octets, signature: Signature(status), mode: UInt32(status.st_mode) & 0o777,
            exposures: geteuid() == 0 ? try FileExposure.of(status, path, in: folder, trusting: accounts.union([0])) : [])
    }

    /// What can be said of a file without reading it.
    ///
    /// - Returns: nil where there is no such file, or no way to it.
    public static func signature(of path: String) -> Signature? {
        // try?: what is wrong with the way is said by who reads.
        guard let (descriptor, status) = try? locate(path) else { return nil }
        close(descriptor.file)
        return Signature(status)
    }

    /// Why this process cannot read a file; nil where it can.
    ///
    /// - Parameter orNull: as of ``read(_:limit:orNull:trusting:)``.
    public static func objection(toReading path: String, orNull: Bool = false) -> TrustedFileError? {
        do throws(TrustedFileError) {
            close(try open(path, orNull: orNull).descriptor)
            return nil
        } catch { return error }
    }

    /// The permission bits; nil where there is no such regular file.
    public static func mode(of path: String) -> UInt32? {
        // try?: that it cannot be read is found out by reading it.
        guard let (descriptor, status) = try? locate(path) else { return nil }
        close(descriptor.file)
        return status.st_mode & S_IFMT == S_IFREG ? UInt32(status.st_mode) & 0o777 : nil
    }

    /// The user ID of its owner; nil where there is no such regular file.
    public static func owner(of path: String) -> UInt32? {
        // try?: that it cannot be read is found out by reading it.
        guard let (descriptor, status) = try? locate(path) else { return nil }
        close(descriptor.file)
        return status.st_mode & S_IFMT == S_IFREG ? status.st_uid : nil
    }

    // MARK: The way to the file

    /// Major number 1, minor number 3 (devices.txt of the kernel).
    private static let nullDevice: dev_t = 1 << 8 | 3

    private static func open(_ path: String, orNull: Bool) throws(TrustedFileError) -> (descriptor: Int32, folder: TrustedFolder) {
        let (found, status) = try locate(path)
        defer { close(found.file) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFCHR where orNull && status.st_rdev == nullDevice: break
        case S_IFDIR: throw .system(action: "read", path: path, errorNumber: EISDIR)
        default: throw .notARegularFile(path: path)
        }
        // Another account may have given a second name to a file that it cannot read (link(2)).
        if geteuid() == 0, status.st_nlink > 1 {
            let owner = try TrustedFolder.status(found.folder.descriptor, path).st_uid
            guard owner == 0 || owner == status.st_uid else { throw .severalNames(path: path) }
        }
        // Only a regular file is opened: a FIFO would wait, and a device do whatever its driver does.
        let descriptor = openat(found.folder.descriptor, found.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrustedFolder.failure("open", path) }
        do throws(TrustedFileError) {
            let opened = try TrustedFolder.status(descriptor, path)
            guard opened.st_dev == status.st_dev, opened.st_ino == status.st_ino else { throw .replaced(path: path) }
        } catch {
            close(descriptor)
            throw error
        }
        return (descriptor, found.folder)
    }

    private struct Place {
        let file: Int32
        let folder: TrustedFolder
        let name: String
    }

    /// Finds a file without opening it, over links that are trusted as those to a folder are.
    private static func locate(_ path: String) throws(TrustedFileError) -> (Place, stat) {
        var way = path
        for _ in 0..<TrustedFolder.mostLinks {
            let slash = way.lastIndex(of: "/")
            let name = slash.map { String(way[way.index(after: $0)...]) } ?? way
            let above = slash.map { $0 == way.startIndex ? "/" : String(way[..<$0]) } ?? "."
            let folder = try TrustedFolder.open(above)
            let file = openat(folder.descriptor, name.isEmpty ? "." : name, pathOnly | O_NOFOLLOW | O_CLOEXEC)
            guard file >= 0 else { throw TrustedFolder.failure("open", path) }
            do throws(TrustedFileError) {
                let status = try TrustedFolder.status(file, path)
                guard status.st_mode & S_IFMT == S_IFLNK else { return (Place(file: file, folder: folder, name: name), status) }
                guard try TrustedFolder.isTrusted(link: status, in: folder.descriptor, shown: path) else {
                    throw .untrustedLink(path: path)
                }
                let target = try TrustedFolder.linkTarget(file, path)
                way = target.hasPrefix("/") ? target : "\(above)/\(target)"
            } catch {
                close(file)
                throw error
            }
            close(file)
        }
        throw .system(action: "open", path: path, errorNumber: ELOOP)
    }
}
