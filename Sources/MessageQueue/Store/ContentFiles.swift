import DurableStorage
import MailVocabulary
import NIOCore

/// Content that is too large for the database: one file per message, named by its queue id, in `content/` of the state directory.
///
/// The order that makes it durable: bytes written, file synced, folder synced, and only then the transaction that names it. A file
/// that no transaction names is an orphan of a crash or of a transaction that was not finished, and is set aside at the next start
/// (`ContentFiles+Aside.swift`).
public struct ContentFiles: Sendable {
    public let directory: String
    public let fileSystem: any FileSystem

    /// - Parameter directory: exists, and belongs to the core alone.
    public init(directory: String, fileSystem: any FileSystem) { (self.directory, self.fileSystem) = (directory, fileSystem) }

    public func path(of id: QueueID) -> String { "\(directory)/\(id)" }

    /// Makes the folder where it is missing, durably.
    public func prepare() throws {
        if try !fileSystem.exists(directory) { try fileSystem.makeDirectory(directory, mode: 0o700) }
        // Also where it exists: the one who made it may not have come this far.
        try fileSystem.syncDirectory(FilePath.parent(of: directory))
    }

    /// Makes the entry of a synced file durable.
    public func syncFolder() throws { try fileSystem.syncDirectory(directory) }

    public func remove(_ id: QueueID) throws { try fileSystem.unlink(path(of: id)) }

    /// Removes the file of a message that may never have had one, or has lost it already.
    public func removeIfThere(_ id: QueueID) throws(FileError) {
        do throws(FileError) { try fileSystem.unlink(path(of: id)) } catch  where error.isMissing {}
    }

    /// The first octets of a message's content, fewer where it is shorter.
    public func beginning(of id: QueueID, octets: Int) throws -> ByteBuffer {
        let file = try fileSystem.open(path(of: id))
        var buffer = ByteBuffer()
        while buffer.readableBytes < octets {
            let (offset, wanted) = (buffer.readableBytes, octets - buffer.readableBytes)
            let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) {
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted]), at: offset)
            }
            if count == 0 { break }
        }
        try file.close()
        return buffer
    }

}
