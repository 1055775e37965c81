import Glibc

/// A file of the configuration, read whole.
enum SmallFile {
    /// Octets of a file that is still read.
    static let maximumSize = 1 << 20

    /// - Throws: ``ResolverError/unreadable(file:reason:)``, also for a file over ``maximumSize``.
    static func content(of path: String) throws(ResolverError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(file: path, reason: String(cString: strerror(errno)))
            }
            content.append(contentsOf: chunk[..<count])
            guard content.count <= maximumSize else { throw .unreadable(file: path, reason: "larger than \(maximumSize) octets") }
        }
    }
}
