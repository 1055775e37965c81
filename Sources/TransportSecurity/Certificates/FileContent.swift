import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// A small file as it was read: its octets, and by what a change of it shows.
struct FileContent {
    /// The largest that is read. A chain of RSA certificates has some 10 KiB.
    static let limit = 1 << 20

    /// What `fstat` says. Two of them that differ are two states of the file.
    struct Signature: Hashable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let modifiedNanoseconds: Int64
        let changedNanoseconds: Int64

        init(_ status: stat) {
            (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
            modifiedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            changedNanoseconds = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        }
    }

    let octets: [UInt8]
    let signature: Signature
    /// Permission bits.
    let mode: UInt32

    /// What `stat` says now; nil where there is no such file, or it cannot be looked at.
    static func signature(of path: String) -> Signature? {
        var status = stat()
        return stat(path, &status) == 0 ? Signature(status) : nil
    }

    /// Reads a whole file. Its signature is from before the first octet: a later change gives another one.
    init(path: String) throws(CertificateError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .cannotRead(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .cannotRead(path: path, errorNumber: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotRead(path: path, errorNumber: EINVAL) }
        (signature, mode) = (Signature(status), UInt32(status.st_mode) & 0o777)
        var octets: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .cannotRead(path: path, errorNumber: errno) }
            if count == 0 { break }
            octets += block[..<count]
            guard octets.count <= Self.limit else { throw .tooLarge(path: path, limit: Self.limit) }
        }
        self.octets = octets
    }
}
