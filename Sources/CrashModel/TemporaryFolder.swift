import Foundation

/// A new folder for a test, removed with the last reference.
public final class TemporaryFolder: Sendable {
    /// Absolute, without symbolic links.
    public let path: String

    /// - Throws: where the folder for temporary files cannot be written to.
    public init() throws {
        let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        path = parent.appendingPathComponent("postern-crash-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        // What is left over lies in the folder for temporary files.
        try? FileManager.default.removeItem(atPath: path)
    }
}
