import Foundation

/// A folder of one test, removed with it.
final class FilesTestFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("postern-files-\(UUID().uuidString)").path
        mkdir(path, 0o700)
    }

    deinit {
        // What is left over is in the folder for temporary files.
        try? FileManager.default.removeItem(atPath: path)
    }
}
