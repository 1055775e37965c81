import Glibc
import ServiceRuntime

/// The file with the password of a connector (E16).
enum PasswordFile {
    /// Octets of the password.
    static let maximumPassword = 1024
    /// Octets of the file that are looked at.
    private static let maximumFile = 65_536

    enum Problem: Error, Hashable, CustomStringConvertible {
        /// The error number of the system call.
        case unreadable(Int32)
        case notAFile
        case openToEverybody(mode: UInt32)
        case empty
        case tooLong
        case notText

        var description: String {
            switch self {
            case .unreadable(let code): "it cannot be read: \(SystemReason.text(ofErrorNumber: code))"
            case .notAFile: "it is not a regular file"
            case .openToEverybody(let mode):
                "it is open to everybody on this machine (mode 0\(String(mode, radix: 8))): 0600 or 0640 will do"
            case .empty: "its first line is empty"
            case .tooLong: "its first line is longer than \(maximumPassword) octets"
            case .notText: "its first line is not UTF-8, or has a NUL"
            }
        }
    }

    /// Its first line, without a byte-order mark. Blocks; once per start and reload.
    static func read(_ path: String) throws(Problem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_mode & 0o007 == 0 else { throw .openToEverybody(mode: status.st_mode & 0o7777) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while octets.count < maximumFile {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(errno) }
            if count == 0 { break }
            octets += buffer[..<count]
            if buffer[..<count].contains(UInt8(ascii: "\n")) { break }
        }
        return try firstLine(of: octets)
    }

    static func firstLine(of octets: [UInt8]) throws(Problem) -> [UInt8] {
        var line = octets.prefix { $0 != UInt8(ascii: "\n") }
        // What an editor puts first to say that the file is UTF-8 is nothing that anybody typed.
        if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        guard !line.isEmpty else { throw .empty }
        guard line.count <= maximumPassword else { throw .tooLong }
        guard !line.contains(0), String(validating: line, as: UTF8.self) != nil else { throw .notText }
        return Array(line)
    }
}
