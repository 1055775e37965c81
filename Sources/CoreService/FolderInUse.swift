/// Another core holds a folder's lock.
struct FolderInUse: Error, CustomStringConvertible {
    let path: String
    var description: String { "\(path) is in use by another postern-core" }
}
