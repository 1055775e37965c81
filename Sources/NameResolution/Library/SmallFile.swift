import Glibc
import TrustedFiles

/// A file of the configuration, read whole.
enum SmallFile {
    /// Octets of a file that is still read.
    static let maximumSize = 1 << 20

    /// - Throws: ``ResolverError/unreadable(file:reason:)``, also for a file over ``maximumSize``.
    static func content(of path: String) throws(ResolverError) -> [UInt8] {
        do throws(TrustedFileError) {
            return try TrustedFile.read(path, limit: maximumSize, orNull: true).octets
        } catch {
            if case .tooLarge = error { throw .unreadable(file: path, reason: "larger than \(maximumSize) octets") }
            throw .unreadable(file: path, reason: error.errorNumber.map { String(cString: strerror($0)) } ?? "\(error)")
        }
    }
}
