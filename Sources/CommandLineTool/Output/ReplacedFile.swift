import ArgumentParser
import Glibc
import ServiceRuntime

/// A file that a command keeps in step with something: replaced as a whole, and only where it changes.
enum ReplacedFile {
    /// - Parameters:
    ///   - mode: permission bits, whatever the umask is.
    ///   - group: by name; nil leaves that of the process.
    /// - Returns: false where the file has this text already; then it is not touched.
    static func write(_ text: String, to path: String, mode: mode_t, group name: String?) throws -> Bool {
        if let old = content(of: path), old == Array(text.utf8) { return false }
        let groupID = try name.map(Self.groupID)
        let temporary = "\(path).new.\(getpid())"
        unlink(temporary)  // of an earlier process of this number
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(temporary) }
        var isDone = false
        defer {
            close(descriptor)
            if !isDone { unlink(temporary) }
        }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            rest = rest.dropFirst(count)
        }
        if let groupID, fchown(descriptor, UInt32.max, groupID) != 0 { throw failure(path) }
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure(path) }
        isDone = true
        return true
    }

    /// Nil where it cannot be read: then it is written.
    private static func content(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
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

    private static func groupID(_ name: String) throws -> UInt32 {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        if getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil { return entry.gr_gid }
        throw ValidationError("--group: there is no group '\(name)' on this system")
    }

    private static func failure(_ path: String) -> ExitCode {
        Environment.printError("postern: cannot write \(path): \(SystemReason.text(ofErrorNumber: errno))")
        return ExitCode(ExitStatus.inputOutput.rawValue)
    }
}
