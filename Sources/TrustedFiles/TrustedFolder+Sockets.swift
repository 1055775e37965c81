import Glibc
import UnixSockets

extension TrustedFolder {
    /// Removes the socket of an earlier process. Anything else under the name stays: then nobody can listen there, and is told so.
    ///
    /// - Throws: also `inUse`, where a process still listens there: two could otherwise take the name from each other, and whoever came
    ///   first would go on listening where nobody finds it.
    public func removeSocket(_ name: String) throws(TrustedFileError) {
        var file = stat()
        guard fstatat(descriptor, name, &file, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw Self.failure("look at", shown(name))
        }
        guard file.st_mode & S_IFMT == S_IFSOCK else { return }
        guard !isListening(name) else { throw .inUse(path: shown(name)) }
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else { throw Self.failure("remove", shown(name)) }
    }

    private func isListening(_ name: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let address = UnixSocketAddress(path: path(of: name)) else { return false }
        // EAGAIN: somebody listens, and does not come to accept (connect(2)).
        return address.connect(descriptor) == 0 || errno == EAGAIN
    }

    /// Gives the socket that this process has just bound its owner and mode.
    ///
    /// - Throws: `replaced` where the name stands for anything but a socket of this process's account with that one name.
    public func giveSocket(_ name: String, to owner: FileOwner?, mode: mode_t) throws(TrustedFileError) {
        let socket = openat(descriptor, name, pathOnly | O_NOFOLLOW | O_CLOEXEC)
        guard socket >= 0 else { throw Self.failure("open", shown(name)) }
        defer { close(socket) }
        let status = try Self.status(socket, shown(name))
        guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid(), status.st_nlink == 1 else {
            throw .replaced(path: shown(name))
        }
        if let owner, fchownat(socket, "", owner.userID, owner.groupID, itself) != 0 {
            throw Self.failure("change the owner of", shown(name))
        }
        // fchmod(2) takes no pathOnly descriptor; this path is the descriptor.
        guard chmod("/proc/self/fd/\(socket)", mode) == 0 else { throw Self.failure("set the mode of", shown(name)) }
    }
}
