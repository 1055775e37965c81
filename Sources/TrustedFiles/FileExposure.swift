import Glibc

/// A file that is read as root, or a folder that it lies in, which another account can change.
public struct FileExposure: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// It belongs to this user ID.
        case owner(UInt32)
        /// Its group, by its ID, may write to it.
        case group(UInt32)
        /// Everybody on this machine may.
        case everybody
    }

    /// Of the file; for a folder, the path of the file and how many folders lie between.
    public let path: String
    /// 0: the file itself; 1: its folder; and so on.
    public let level: Int
    public let reason: Reason

    public var isToEverybody: Bool { reason == .everybody }

    /// Looks at a file and at all folders above it, as they really are: each by its descriptor, up to the root.
    static func of(
        _ file: stat, _ path: String, in folder: TrustedFolder, trusting accounts: Set<UInt32>
    ) throws(TrustedFileError) -> [FileExposure] {
        var found = exposures(of: file, path, level: 0, trusting: accounts)
        var current = openat(folder.descriptor, ".", pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw TrustedFolder.failure("open", path) }
        defer { close(current) }
        var below: stat?
        for level in 1...mostFolders {
            let status = try TrustedFolder.status(current, path)
            // The root is its own parent.
            if let below, below.st_dev == status.st_dev, below.st_ino == status.st_ino { break }
            found += exposures(of: status, path, level: level, trusting: accounts)
            below = status
            let above = openat(current, "..", pathOnly | O_DIRECTORY | O_CLOEXEC)
            guard above >= 0 else { throw TrustedFolder.failure("open", path) }
            close(current)
            current = above
        }
        return found
    }

    private static let mostFolders = 128

    private static func exposures(of status: stat, _ path: String, level: Int, trusting accounts: Set<UInt32>) -> [FileExposure] {
        func exposure(_ reason: Reason) -> FileExposure { FileExposure(path: path, level: level, reason: reason) }
        if !accounts.contains(status.st_uid) { return [exposure(.owner(status.st_uid))] }
        // Of a folder with the sticky bit nobody renames or removes what belongs to others, as in /tmp (unlink(2)).
        if status.st_mode & S_IFMT == S_IFDIR, status.st_mode & S_ISVTX != 0 { return [] }
        if status.st_mode & S_IWOTH != 0 { return [exposure(.everybody)] }
        // The groups of root and of the accounts themselves have nobody else in them by default; which others have is not known here.
        if status.st_mode & S_IWGRP != 0, !accounts.contains(status.st_gid) { return [exposure(.group(status.st_gid))] }
        return []
    }
}

extension FileExposure: CustomStringConvertible {
    public var description: String {
        let what =
            switch level {
            case 0: path
            case 1: "the folder of \(path)"
            default: "a folder above \(path) (\(level) levels up)"
            }
        return
            switch reason
        {
        case .owner(let user): "\(what) belongs to user ID \(user), who can replace what Postern reads as root"
        case .group(let group): "\(what) can be changed by group ID \(group), which can replace what Postern reads as root"
        case .everybody: "\(what) can be changed by everybody on this machine"
        }
    }
}
