import Foundation

/// A new folder for a test, removed with the last reference.
public final class TemporaryFolder: Sendable {
    /// Absolute, without symbolic links.
    public let path: String

    /// In memory where the system has a place for that: what a sync of the machine's own file system would do is nothing that a
    /// recorded scenario or a made image depends on, and it takes most of the time.
    ///
    /// - Throws: where the folder for temporary files cannot be written to.
    public init() throws {
        let parent =
            FileManager.default.isWritableFile(atPath: Self.memory)
            ? URL(fileURLWithPath: Self.memory) : FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        path = parent.appendingPathComponent("postern-crash-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    private static let memory = "/dev/shm"

    deinit {
        // What is left over lies in the folder for temporary files.
        try? FileManager.default.removeItem(atPath: path)
    }
}
