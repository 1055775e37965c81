import Glibc

extension TrustedFolder {
    /// Removes the socket of an earlier process. Anything else under the name stays: then nobody can listen there, and is told so.
    public func removeSocket(_ name: String) throws(TrustedFileError) {
        var file = stat()
        guard fstatat(descriptor, name, &file, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw Self.failure("look at", shown(name))
        }
        guard file.st_mode & S_IFMT == S_IFSOCK else { return }
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else { throw Self.failure("remove", shown(name)) }
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
