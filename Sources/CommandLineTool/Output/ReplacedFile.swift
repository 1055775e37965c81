import ArgumentParser
import Glibc
import ServiceRuntime
import TrustedFiles

/// A file that a command keeps in step with something: replaced as a whole, and only where it changes.
enum ReplacedFile {
    /// - Parameters:
    ///   - mode: permission bits, whatever the umask is.
    ///   - group: by name; nil leaves that of the process.
    /// - Returns: false where the file has this text already; then it is not touched.
    static func write(_ text: String, to path: String, mode: mode_t, group name: String?) throws -> Bool {
        if let old = content(of: path), old == Array(text.utf8) { return false }
        let groupID = try name.map(UnixGroup.id)
        do throws(TrustedFileError) {
            try AtomicFile.write(Array(text.utf8), to: path, mode: mode, owner: groupID.map { FileOwner(user: nil, group: $0) })
        } catch {
            Environment.printError("postern: \(error)")
            throw ExitCode(ExitStatus.inputOutput.rawValue)
        }
        return true
    }

    /// Nil where it cannot be read: then it is written.
    private static func content(of path: String) -> [UInt8]? { try? TrustedFile.read(path, limit: maximumOctets).octets }

    /// What is longer is none of ours.
    private static let maximumOctets = 64 << 20
}
