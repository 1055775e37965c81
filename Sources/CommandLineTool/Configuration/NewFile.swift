import ArgumentParser
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// Writes a file that must not exist yet: what an administrator wrote is never replaced.
enum NewFile {
    static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            Environment.printError(
                "postern: \(path): \(errno == EEXIST ? "exists already, and is left as it is" : String(cString: strerror(errno)))")
            throw ExitCode(ExitStatus.osError.rawValue)
        }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                Environment.printError("postern: \(path): \(String(cString: strerror(errno)))")
                throw ExitCode(ExitStatus.osError.rawValue)
            }
            rest = rest.dropFirst(count)
        }
    }
}
