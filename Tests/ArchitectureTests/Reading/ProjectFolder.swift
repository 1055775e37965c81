import Foundation

/// The project on disk, found from this file's own place in it.
enum ProjectFolder {
    static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path) }

    /// The names of the folders in a folder.
    static func folders(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(at: root.appendingPathComponent(path), includingPropertiesForKeys: [.isDirectoryKey])
            .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
            .map(\.lastPathComponent)
            .filter { !$0.hasPrefix(".") }
            .sorted()
    }

    /// The Swift files below a folder, by their paths in the project.
    static func swiftFiles(below path: String) throws -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: root.appendingPathComponent(path).path) else {
            throw CocoaError(.fileReadNoSuchFile)
        }
        return walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map { "\(path)/\($0)" }.sorted()
    }

    /// Everything that the architecture is checked by.
    static func project() throws -> Project {
        let manifest = try PackageManifest(try text("Package.swift"))
        let sources = try manifest.targets.filter { $0.kind == .target || $0.kind == .executableTarget }.flatMap { target in
            try swiftFiles(below: target.folder).map { Project.File(path: $0, target: target.name, source: try text($0)) }
        }
        return Project(
            targets: manifest.targets, files: sources, sourceFolders: try folders(in: "Sources"), testFolders: try folders(in: "Tests"))
    }
}
