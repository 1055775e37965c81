import Glibc
import TrustedFiles

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
        let file: TrustedFile
        do throws(TrustedFileError) {
            file = try TrustedFile.read(path, limit: maximumOctets)
        } catch {
            switch error {
            case .system(_, _, let number): throw .unreadable(file: path, reason: String(cString: strerror(number)))
            case .notARegularFile, .tooLarge: throw .notAKey(file: path)
            default: throw .unreadable(file: path, reason: "\(error)")
            }
        }
        guard file.mode & 0o077 == 0 else { throw .permissions(file: path, mode: file.mode) }
        if let open = file.exposures.first(where: \.isToEverybody) {
            throw .unreadable(file: path, reason: "\(TrustedFileError.exposed(open))")
        }
        guard let line = String(validating: file.octets, as: UTF8.self), line.hasPrefix(prefix), line.hasSuffix("\n"),
            let octets = Base64.decode(line.dropFirst(prefix.count).dropLast()), let key = SecretKey(octets: octets)
        else { throw .notAKey(file: path) }
        return key
    }

    /// Makes a file with a new key; it and its name in the folder are on stable storage when this returns. Blocks on the disk.
    ///
    /// - Parameter owner: whose the file becomes; nil: this process's.
    /// - Throws: `.alreadyExists` where there is a file: a key that secrets were sealed with is never overwritten.
    public static func create(_ path: String, owner: FileOwner? = nil) throws(Failure) -> SecretKey {
        let key: SecretKey
        do { key = try SecretKey() } catch { throw .cryptography(error) }
        let line = Array((prefix + Base64.encode(key.octets) + "\n").utf8)
        do throws(TrustedFileError) {
            try AtomicFile.create(line, at: path, mode: 0o600, owner: owner)
        } catch {
            if case .alreadyExists = error { throw .alreadyExists(file: path) }
            throw .unwritable(file: path, reason: error.errorNumber.map { String(cString: strerror($0)) } ?? "\(error)")
        }
        return key
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
