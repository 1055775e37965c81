import Glibc

/// The file with the key of recoverable secrets: one line, `AES-256-GCM$1$<key>` in base 64, mode 0600.
public enum SecretKeyFile {
    /// Why there is no key.
    public enum Failure: Error, Hashable, Sendable {
        case unreadable(file: String, reason: String)
        case unwritable(file: String, reason: String)
        /// Group or others may read or write it: the mode's last nine bits.
        case permissions(file: String, mode: UInt32)
        case notAKey(file: String)
        case alreadyExists(file: String)
        case cryptography(CryptographyError)
    }

    private static let prefix = "AES-256-GCM$1$"
    private static let maximumOctets = 256

    /// Reads the key. Blocks on the disk.
    public static func read(_ path: String) throws(Failure) -> SecretKey {
        func reason() -> String { String(cString: strerror(errno)) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file: path, reason: reason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, reason: reason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAKey(file: path) }
        guard status.st_mode & 0o077 == 0 else { throw .permissions(file: path, mode: status.st_mode & 0o777) }
        var content = [UInt8](repeating: 0, count: maximumOctets)
        var count = 0
        while count < content.count {
            let received = content.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count) }
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else { throw .unreadable(file: path, reason: reason()) }
            if received == 0 { break }
            count += received
        }
        guard let line = String(validating: content[..<count], as: UTF8.self), line.hasPrefix(prefix), line.hasSuffix("\n"),
            let octets = Base64.decode(line.dropFirst(prefix.count).dropLast()), let key = SecretKey(octets: octets)
        else { throw .notAKey(file: path) }
        return key
    }

    /// Makes a file with a new key; it and its name in the folder are on stable storage when this returns. Blocks on the disk.
    ///
    /// - Throws: `.alreadyExists` where there is a file: a key that secrets were sealed with is never overwritten.
    public static func create(_ path: String) throws(Failure) -> SecretKey {
        func reason() -> String { String(cString: strerror(errno)) }
        let key: SecretKey
        do { key = try SecretKey() } catch { throw .cryptography(error) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw .alreadyExists(file: path) }
            throw .unwritable(file: path, reason: reason())
        }
        let line = Array((prefix + Base64.encode(key.octets) + "\n").utf8)
        // The mask of the process may take bits away from the mode, never add some; fchmod makes it exact.
        let written = fchmod(descriptor, 0o600) == 0 && write(descriptor, line, line.count) == line.count && fsync(descriptor) == 0
        let why = reason()
        close(descriptor)
        guard written, syncFolder(of: path) else {
            unlink(path)
            throw .unwritable(file: path, reason: why)
        }
        return key
    }

    private static func syncFolder(of path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}

extension SecretKeyFile.Failure: CustomStringConvertible {
    /// One sentence without a full stop at its end, to stand after `error: `.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "the key file \(file) cannot be read: \(reason)"
        case .unwritable(let file, let reason): "the key file \(file) cannot be written: \(reason)"
        case .permissions(let file, let mode):
            "the key file \(file) has mode 0\(String(mode, radix: 8)): it must be closed to group and others (0600)"
        case .notAKey(let file): "\(file) is no key file of recoverable secrets"
        case .alreadyExists(let file): "the key file \(file) already exists, and secrets may be sealed with it"
        case .cryptography(let error): error.description
        }
    }
}
