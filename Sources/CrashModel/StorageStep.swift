/// One thing that was done to the disk, or said about it by the test. Paths are relative to the recorded folder.
public enum StorageStep: Sendable {
    /// The identity of a file, whatever names it has.
    public typealias FileNumber = Int

    case createFile(FileNumber, Entry)
    case makeDirectory(Entry)
    case write(FileNumber, offset: Int, bytes: [UInt8], path: String)
    case truncate(FileNumber, size: Int, path: String)
    /// Makes the content durable as it was when the step with this number came.
    case sync(FileNumber, upTo: Int, path: String)
    /// A sync failed: the kernel may have dropped what was not written yet, and a later sync that succeeds says nothing about it.
    case failedSync(FileNumber, path: String)
    /// Makes the entries durable as they were when the step with this number came.
    case syncDirectory(String, upTo: Int)
    case rename(FileNumber, from: Entry, to: Entry)
    case link(FileNumber, Entry)
    case unlink(Entry)
    /// Something the test knows from here on: a reply was given, an outcome reported.
    case mark(String)

    /// A name in a folder; the recorded folder itself is the folder `""`.
    public struct Entry: Hashable, Sendable, CustomStringConvertible {
        public let directory: String
        public let name: String

        /// - Parameter path: relative, without empty components; not empty.
        init(_ path: String) {
            let bytes = path.utf8
            if let slash = bytes.lastIndex(of: UInt8(ascii: "/")) {
                directory = String(Substring(bytes[..<slash]))
                name = String(Substring(bytes[bytes.index(after: slash)...]))
            } else {
                (directory, name) = ("", path)
            }
        }

        public var description: String { directory.isEmpty ? name : "\(directory)/\(name)" }
    }
}

extension StorageStep: CustomStringConvertible {
    public var description: String {
        switch self {
        case .createFile(_, let entry): "create \(entry)"
        case .makeDirectory(let entry): "mkdir \(entry)"
        case .write(_, let offset, let bytes, let path): "write \(path) [\(offset), \(offset + bytes.count))"
        case .truncate(_, let size, let path): "truncate \(path) to \(size)"
        case .sync(_, _, let path): "sync \(path)"
        case .failedSync(_, let path): "failed sync \(path)"
        case .syncDirectory(let path, _): "sync folder \(path.isEmpty ? "." : path)"
        case .rename(_, let from, let to): "rename \(from) to \(to)"
        case .link(_, let entry): "link \(entry)"
        case .unlink(let entry): "unlink \(entry)"
        case .mark(let text): "mark: \(text)"
        }
    }
}
