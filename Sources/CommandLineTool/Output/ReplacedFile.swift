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
    private static func content(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return octets }
            octets += block[..<count]
        }
    }
}
