/// What the queue and Maildir ask of a file system, one call per step, so that tests can record every step, let one fail, and build
/// what a power loss after it would leave.
///
/// Nothing is durable before it is synced: the octets of a file with `OpenFile.sync`, its name with `syncDirectory` of its folder.
/// Calls block; call them from a thread that may. Paths are absolute or relative to the working directory.
public protocol FileSystem: Sendable {
    /// Makes a file that must not exist (`O_CREAT | O_EXCL`, which follows no symbolic link), for writing and reading.
    ///
    /// - Parameter mode: permission bits, less the umask.
    /// - Throws: `alreadyExists` where the name is taken.
    func create(_ path: String, mode: UInt32) throws(FileError) -> any OpenFile

    /// Opens a file that exists, for reading.
    func open(_ path: String) throws(FileError) -> any OpenFile

    /// Gives a file a new name in one step, also into another folder of the same file system; replaces `newPath` if it exists.
    ///
    /// Durable after `syncDirectory` of the folder it moved to.
    func rename(_ path: String, to newPath: String) throws(FileError)

    /// Gives a file another name; one that is taken is an error (`alreadyExists`).
    func link(_ path: String, to newPath: String) throws(FileError)

    /// Removes a name of a file.
    func unlink(_ path: String) throws(FileError)

    /// Makes one folder; its parent must exist.
    func makeDirectory(_ path: String, mode: UInt32) throws(FileError)

    /// Makes the names in a folder durable: those created in it, moved into it and removed from it.
    func syncDirectory(_ path: String) throws(FileError)

    /// Goes through the names in a folder, without `.` and `..`, in no order, until `visit` returns false. Nothing is collected,
    /// so a large folder costs time only. Names that are not UTF-8 are left out.
    func forEachName(in directory: String, _ visit: (String) -> Bool) throws(FileError)

    /// What is at the path, symbolic links followed; nil if nothing is.
    func status(of path: String) throws(FileError) -> FileStatus?
}

extension FileSystem {
    /// Makes a file that only its owner may read and write (0600).
    public func create(_ path: String) throws(FileError) -> any OpenFile { try create(path, mode: 0o600) }

    /// The names in a folder, without `.` and `..`, in no order; memory grows with their number.
    public func list(_ directory: String) throws(FileError) -> [String] {
        var names: [String] = []
        try forEachName(in: directory) {
            names.append($0)
            return true
        }
        return names
    }

    public func exists(_ path: String) throws(FileError) -> Bool { try status(of: path) != nil }

    /// Makes a folder and those above it that are missing, and each one it makes durable in its parent.
    ///
    /// A folder that exists is taken for durable: where several threads make the same ones, let one at a time do it.
    /// - Parameter mode: permission bits of the new folders, less the umask.
    public func makeDirectories(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        if let status = try status(of: path), status.isDirectory { return }
        let parent = FilePath.parent(of: path)
        if parent != path { try makeDirectories(parent, mode: mode) }
        do {
            try makeDirectory(path, mode: mode)
        } catch {
            // Another process may have made it just now, and not come to the sync yet.
            guard error.alreadyExists, try status(of: path)?.isDirectory == true else { throw error }
        }
        try syncDirectory(parent)
    }
}
