import DurableStorage

/// The files and folders that a power loss left.
public struct CrashImage {
    /// Parents first.
    public internal(set) var directories: [String] = []
    var files: [(path: String, number: StorageStep.FileNumber)] = []
    var contents: [StorageStep.FileNumber: [UInt8]] = [:]

    /// The paths of the files, relative to the recorded folder.
    public var paths: [String] { files.map(\.path) }

    /// What is in the file; nil where there is none.
    public func content(of path: String) -> [UInt8]? { files.first { $0.path == path }.flatMap { contents[$0.number] } }

    /// Makes the folders and files below a folder that exists.
    public func materialize(in folder: String) throws {
        let system = POSIXFileSystem()
        for directory in directories { try system.makeDirectory("\(folder)/\(directory)", mode: 0o700) }
        var written: [StorageStep.FileNumber: String] = [:]
        for (path, number) in files {
            let target = "\(folder)/\(path)"
            if let first = written[number] {
                try system.link(first, to: target)
            } else {
                let file = try system.create(target)
                try file.write(contents[number] ?? [])
                try file.close()
                written[number] = target
            }
        }
    }

    /// The same for images with the same files, so that each needs to be recovered from only once.
    func fingerprint(marks: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(marks)
        hasher.combine(directories)
        for (path, number) in files {
            hasher.combine(path)
            contents[number, default: []].withUnsafeBytes {
                hasher.combine($0.count)
                hasher.combine(bytes: $0)
            }
        }
        return hasher.finalize()
    }
}
