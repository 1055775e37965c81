import Glibc

/// A folder, held by its descriptor: what is done in it is done in this folder, whatever happens to its path meanwhile.
///
/// Root must not act by path names in a folder that a less trusted account can change: that account can put a symbolic link where root
/// expects a file. Here every step goes from one descriptor to the next (openat(2)) and follows no symbolic link, except, on the way to the
/// folder, those that nobody but root and this process's account can have made.
public final class TrustedFolder: Sendable {
    /// As the caller named it, for messages.
    public let path: String
    /// Open for reading as long as this object lives.
    public let descriptor: Int32

    private init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

    deinit { close(descriptor) }

    /// Opens a folder that exists.
    ///
    /// - Throws: ``TrustedFileError``
    public static func open(_ path: String) throws(TrustedFileError) -> TrustedFolder {
        TrustedFolder(path: path, descriptor: try walk(path, making: nil))
    }

    /// Opens a folder; makes it, and those above it that are missing, durable each.
    ///
    /// - Parameters:
    ///   - mode: of the folder if it is made here, whatever the umask.
    ///   - modeAbove: of the folders above it that are made here.
    ///   - owner: whose the folder becomes where it is root's. Must be nil unless this process is root.
    /// - Throws: ``TrustedFileError``; as root also where the folder belongs to anybody but root and `owner`.
    public static func make(
        _ path: String, mode: mode_t, modeAbove: mode_t, owner: FileOwner? = nil
    ) throws(TrustedFileError) -> TrustedFolder {
        let folder = TrustedFolder(path: path, descriptor: try walk(path, making: (mode, modeAbove)))
        guard geteuid() == 0, let owner else { return folder }
        let current = try status(folder.descriptor, path).st_uid
        let accepted = Set([0, owner.user ?? 0])
        guard accepted.contains(current) else {
            throw .wrongOwner(path: path, owner: current, accepted: accepted.sorted())
        }
        if current == 0, owner.user != 0 {
            guard fchown(folder.descriptor, owner.userID, owner.groupID) == 0 else { throw failure("change the owner of", path) }
        }
        return folder
    }

    /// Sets the folder's mode.
    public func setMode(_ mode: mode_t) throws(TrustedFileError) {
        guard fchmod(descriptor, mode) == 0 else { throw Self.failure("set the mode of", path) }
    }

    /// Locks the folder itself for as long as this object lives: unlike a file in it, nobody can replace it (flock(2)).
    ///
    /// - Returns: false where another process holds the lock.
    public func lock() throws(TrustedFileError) -> Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return true }
        guard errno == EWOULDBLOCK else { throw Self.failure("lock", path) }
        return false
    }

    /// A path that leads into this folder whatever its name is by now, for calls that take no descriptor; valid while this object lives.
    public func path(of name: String) -> String { "/proc/self/fd/\(descriptor)/\(name)" }

    /// How the caller would write the path of a file in the folder, for messages.
    func shown(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: The way to the folder

    private static func walk(_ path: String, making modes: (last: mode_t, above: mode_t)?) throws(TrustedFileError) -> Int32 {
        var current = try opened(path.hasPrefix("/") ? "/" : ".", in: AT_FDCWD, shown: path)
        var components = split(path)
        var links = 0
        do throws(TrustedFileError) {
            while let name = components.first {
                components.removeFirst()
                let mode = modes.map { components.isEmpty ? $0.last : $0.above }
                switch try step(name, in: current, mode: mode, shown: path) {
                case .folder(let next):
                    close(current)
                    current = next
                case .link(let target):
                    links += 1
                    guard links <= mostLinks else { throw .system(action: "open", path: path, errorNumber: ELOOP) }
                    components = split(target) + components
                    guard target.hasPrefix("/") else { continue }
                    close(current)
                    current = -1
                    current = try opened("/", in: AT_FDCWD, shown: path)
                }
            }
            // What has been walked with pathOnly is opened for reading, so that it can be locked, synced and given away.
            let readable = openat(current, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            // A folder that only others may list is good enough to make a socket in.
            if readable < 0, errno == EACCES { return current }
            guard readable >= 0 else { throw failure("open", path) }
            close(current)
            return readable
        } catch {
            if current >= 0 { close(current) }
            throw error
        }
    }

    private enum Step {
        case folder(Int32)
        case link(String)
    }

    private static func step(_ name: String, in parent: Int32, mode: mode_t?, shown path: String) throws(TrustedFileError) -> Step {
        var descriptor = openat(parent, name, pathOnly | O_NOFOLLOW | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT, let mode {
            // Somebody else may make it at the same moment: then it is there.
            if mkdirat(parent, name, mode) == 0 {
                try madeDurable(name, in: parent, mode: mode, shown: path)
            } else if errno != EEXIST {
                throw failure("make the folder", path)
            }
            descriptor = openat(parent, name, pathOnly | O_NOFOLLOW | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw failure("open", path) }
        do throws(TrustedFileError) {
            let status = try status(descriptor, path)
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return .folder(descriptor)
            case S_IFLNK:
                guard try isTrusted(link: status, in: parent, shown: path) else { throw .untrustedLink(path: path) }
                let target = try linkTarget(descriptor, path)
                close(descriptor)
                return .link(target)
            default: throw .notAFolder(path: path)
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The mode as asked for, whatever the umask, and the name on stable storage.
    private static func madeDurable(_ name: String, in parent: Int32, mode: mode_t, shown path: String) throws(TrustedFileError) {
        let made = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard made >= 0 else { throw failure("open", path) }
        defer { close(made) }
        guard try status(made, path).st_uid == geteuid() else { throw .replaced(path: path) }
        guard fchmod(made, mode) == 0 else { throw failure("set the mode of", path) }
        let folder = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure("sync", path) }
    }

    /// Whether nobody but root and this process's account can have made or changed a link. Who is not root risks only what is his.
    static func isTrusted(link: stat, in parent: Int32, shown path: String) throws(TrustedFileError) -> Bool {
        guard geteuid() == 0 else { return true }
        let folder = try status(parent, path)
        let isClosed = folder.st_mode & 0o022 == 0 || folder.st_mode & S_ISVTX != 0
        return link.st_uid == 0 && folder.st_uid == 0 && isClosed
    }

    static func linkTarget(_ descriptor: Int32, _ path: String) throws(TrustedFileError) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlinkat(descriptor, "", $0, text.count) } ?? -1
            }
        }
        guard count > 0 else { throw failure("read the link", path) }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func opened(_ name: String, in parent: Int32, shown path: String) throws(TrustedFileError) -> Int32 {
        let descriptor = openat(parent, name, pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    private static func split(_ path: String) -> [String] { path.split(separator: "/").filter { $0 != "." }.map(String.init) }

    /// As many as the kernel follows itself (path_resolution(7)).
    static let mostLinks = 40

    static func status(_ descriptor: Int32, _ path: String) throws(TrustedFileError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at", path) }
        return status
    }

    static func failure(_ action: String, _ path: String) -> TrustedFileError {
        .system(action: action, path: path, errorNumber: errno)
    }
}
