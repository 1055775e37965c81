import DurableStorage
import ServiceRuntime
import TrustedFiles

/// The folder with queue and directory: made where it is missing, and held by one core at a time.
///
/// The lock is on the folder itself, so that it cannot be taken away from under a core by removing a file. Root touches nothing inside: what
/// lies there belongs to the core's account.
final class StateDirectory {
    let path: String
    private let lock: FolderLock

    /// What lies in it.
    var folder: StateFolder { StateFolder(path: path) }

    /// - Parameters:
    ///   - owner: whose the folder becomes, where it is root that makes it.
    ///   - modeAbove: of the folders above it that are made with it.
    /// - Throws: `TrustedFileError`, or `FolderLock.InUse`.
    init(path: String, owner: Account?, modeAbove: UInt32 = 0o700) throws {
        self.path = path
        lock = try FolderLock(
            TrustedFolder.make(
                path, mode: 0o700, modeAbove: modeAbove, owner: owner.map { FileOwner(user: $0.userID, group: $0.groupID) }))
    }
}
