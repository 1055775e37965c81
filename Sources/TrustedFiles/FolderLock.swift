/// Holds a folder for one process at a time, for as long as this object lives, however the process ends.
///
/// The lock is on the folder itself: unlike a file in it, nobody can remove it from under the one who holds it.
public final class FolderLock: Sendable {
    public struct InUse: Error, Sendable, CustomStringConvertible {
        public let path: String
        public var description: String { "\(path) is in use by another postern-core" }
    }

    private let folder: TrustedFolder

    /// - Throws: `InUse`, or `TrustedFileError`.
    public init(_ folder: TrustedFolder) throws {
        guard try folder.lock() else { throw InUse(path: folder.path) }
        self.folder = folder
    }

    /// - Parameter path: of a folder that exists.
    public convenience init(folder path: String) throws { try self.init(TrustedFolder.open(path)) }
}
