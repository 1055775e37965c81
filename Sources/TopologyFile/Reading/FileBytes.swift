import Glibc
import TrustedFiles

/// Reading a whole file, bounded.
enum FileBytes {
    struct Problem: Error {
        let message: String
    }

    /// - Parameter maximum: octets; a longer file is a problem.
    static func read(_ path: String, maximum: Int) -> Result<[UInt8], Problem> {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(Problem(message: "the file cannot be read: \(reason(errno))")) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(Problem(message: "the file cannot be read: \(reason(errno))")) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return .failure(Problem(message: "this is a directory, not a file"))
        default: return .failure(Problem(message: "this is not a regular file"))
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return .success(bytes) }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(Problem(message: "the file cannot be read: \(reason(errno))"))
            }
            bytes += buffer[..<count]
            if bytes.count > maximum { return .failure(Problem(message: "the file is longer than \(maximum) octets")) }
        }
    }

    /// Why a file cannot be read.
    struct ReadingProblem {
        let message: String
        /// Another account may be able to.
        let mayBeOfThisAccount: Bool
    }

    /// Whether every account of the machine may read it, as far as its mode says; false where there is none.
    static func isOpenToEverybody(_ path: String) -> Bool { TrustedFile.mode(of: path).map { $0 & 0o007 != 0 } ?? false }

    /// Why this process cannot read a file that a daemon needs; nil if it can.
    ///
    /// - Parameter orNull: whether `/dev/null` will do, for an empty file.
    static func problem(reading path: String, orNull: Bool) -> ReadingProblem? {
        guard let objection = TrustedFile.objection(toReading: path, orNull: orNull) else { return nil }
        guard let code = objection.errorNumber else {
            if case .notARegularFile = objection { return ReadingProblem(message: "it is not a regular file", mayBeOfThisAccount: false) }
            return ReadingProblem(message: "\(objection)", mayBeOfThisAccount: false)
        }
        return ReadingProblem(message: reason(code), mayBeOfThisAccount: code == EACCES || code == EPERM)
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: return "no such file"
        case EACCES: return "permission denied"
        case EISDIR: return "it is a directory"
        default: break
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let text = buffer.baseAddress, strerror_r(code, text, buffer.count) == 0 else { return "error \(code)" }
            return String(cString: text)
        }
    }
}
