import Glibc

/// Why a file or folder could not be made or used.
public enum TrustedFileError: Error, Hashable, Sendable {
    /// The system refused a step: what was done, on which path, and the `errno`.
    case system(action: String, path: String, errorNumber: Int32)
    /// A symbolic link that somebody other than root (or this process's account) could have put there.
    case untrustedLink(path: String)
    case notAFolder(path: String)
    /// The folder belongs to an account that root does not work for.
    case wrongOwner(path: String, owner: UInt32, accepted: [UInt32])
    /// What stands under the name is not what was made a moment ago.
    case replaced(path: String)
    case alreadyExists(path: String)
    /// Another process listens at this socket.
    case inUse(path: String)
    /// A FIFO, a socket, a device.
    case notARegularFile(path: String)
    /// In octets.
    case tooLarge(path: String, limit: Int)
    /// A file in another account's folder that has other names as well: that account may have made this one for a file it cannot read.
    case severalNames(path: String)
    /// Everybody can change the file, or a folder that it lies in.
    case exposed(FileExposure)

    /// The `errno` where the system refused a step.
    public var errorNumber: Int32? { if case .system(_, _, let number) = self { number } else { nil } }
}

extension TrustedFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let action, let path, let number): "cannot \(action) \(path): \(String(cString: strerror(number)))"
        case .untrustedLink(let path):
            "\(path) is a symbolic link that another account can change; as root, Postern follows only links that root alone controls"
        case .notAFolder(let path): "\(path) is not a folder"
        case .wrongOwner(let path, let owner, let accepted):
            "\(path) belongs to user ID \(owner); as root, Postern uses it only if it belongs to "
                + accepted.map { $0 == 0 ? "root" : "user ID \($0)" }.joined(separator: " or ")
                + ": change its owner if it is the right folder"
        case .replaced(let path): "\(path) was replaced by another process while it was being made"
        case .alreadyExists(let path): "\(path) already exists"
        case .inUse(let path): "another process listens at \(path)"
        case .notARegularFile(let path): "\(path) is not a regular file"
        case .tooLarge(let path, let limit): "\(path) is larger than \(limit) octets"
        case .severalNames(let path):
            "\(path) has several names (hard links) and lies in another account's folder; as root, Postern does not read it: copy it instead"
        case .exposed(let exposure): "\(exposure); take that permission away (chmod o-w)"
        }
    }
}
