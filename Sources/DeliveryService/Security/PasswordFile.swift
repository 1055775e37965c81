import ServiceRuntime
import TrustedFiles

/// The file with the password of a connector (E16).
enum PasswordFile {
    /// Octets of the password.
    static let maximumPassword = 1024
    /// Octets of the whole file.
    private static let maximumFile = 65_536

    enum Problem: Error, Hashable, CustomStringConvertible {
        /// The error number of the system call.
        case unreadable(Int32)
        case notAFile
        case openToEverybody(mode: UInt32)
        /// Another account could have root read another file, or replace this one.
        case untrusted(String)
        case empty
        case tooLong
        case notText

        var description: String {
            switch self {
            case .unreadable(let code): "it cannot be read: \(SystemReason.text(ofErrorNumber: code))"
            case .notAFile: "it is not a regular file"
            case .openToEverybody(let mode):
                "it is open to everybody on this machine (mode 0\(String(mode, radix: 8))): 0600 or 0640 will do"
            case .untrusted(let reason): reason
            case .empty: "its first line is empty"
            case .tooLong: "its first line is longer than \(maximumPassword) octets, or the file than \(maximumFile)"
            case .notText: "its first line is not UTF-8, or has a NUL"
            }
        }
    }

    /// Its first line, without a byte-order mark. Blocks; once per start and reload.
    static func read(_ path: String) throws(Problem) -> [UInt8] {
        let file: TrustedFile
        do throws(TrustedFileError) {
            file = try TrustedFile.read(path, limit: maximumFile)
        } catch {
            switch error {
            case .system(_, _, let number): throw .unreadable(number)
            case .notARegularFile: throw .notAFile
            case .tooLarge: throw .tooLong
            default: throw .untrusted("\(error)")
            }
        }
        guard file.mode & 0o007 == 0 else { throw .openToEverybody(mode: file.mode) }
        if let open = file.exposures.first(where: \.isToEverybody) { throw .untrusted("\(TrustedFileError.exposed(open))") }
        return try firstLine(of: file.octets)
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
