import DurableStorage
import MailVocabulary
import NIOCore

/// Reports that can themselves not be delivered (E05): each is a file with its reason, named by its queue id. Bounded by age and by size.
///
/// Blocks; used on file threads, by one piece of work at a time.
struct BadmailFolder: Sendable {
    /// How long a file is kept.
    static let keptFor = Duration.seconds(30 * 24 * 60 * 60)
    /// Octets of all files together; the oldest make room.
    static let maximumOctets = 500 << 20

    /// What was kept or removed.
    struct Sweep: Hashable, Sendable {
        var removed = 0
        var files = 0
        var octets = 0
    }

    enum Content: Sendable {
        case bytes(ByteBuffer)
        /// Copied from a file.
        case file(path: String)
    }

    let directory: String
    let fileSystem: any FileSystem

    func path(of id: QueueID) -> String { "\(directory)/\(id).eml" }

    /// Writes a message, durably. One that is there already stays: a crash came between it and the end of the message in the queue.
    ///
    /// - Parameter reason: header fields that come before the message's own, each line with its CRLF.
    func keep(_ id: QueueID, reason: String, _ content: Content) throws(FileError) {
        try fileSystem.makeDirectories(directory)
        let file: any OpenFile
        do throws(FileError) { file = try fileSystem.create(path(of: id), mode: 0o600) } catch  where error.alreadyExists { return }
        do throws(FileError) {
            try file.write(Array(reason.utf8))
            try write(content, to: file)
            try file.sync()
            try file.close()
        } catch {
            // Part of it would be taken for all of it; the error that led here is the one to report.
            try? fileSystem.unlink(path(of: id))
            throw error
        }
        try fileSystem.syncDirectory(directory)
    }

    private func write(_ content: Content, to file: any OpenFile) throws(FileError) {
        switch content {
        case .bytes(let bytes): try file.write(Array(bytes.readableBytesView))
        case .file(let path):
            let source = try fileSystem.open(path)
            var chunk = [UInt8](repeating: 0, count: 64 * 1024)
            var offset = 0
            while true {
                let count = try chunk.withUnsafeMutableBufferPointer { buffer throws(FileError) in
                    try source.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                }
                if count == 0 { break }
                try file.write(Array(chunk[..<count]))
                offset += count
            }
            try source.close()
        }
    }

    /// Removes what has been kept for long enough, and the oldest of what is too much.
    func sweep(now: Timestamp, maximumOctets: Int = maximumOctets) throws(FileError) -> Sweep {
        var sweep = Sweep()
        guard try fileSystem.exists(directory) else { return sweep }
        var files: [(path: String, size: Int, at: Timestamp)] = []
        for name in try fileSystem.list(directory) where name.hasSuffix(".eml") {
            let path = "\(directory)/\(name)"
            guard let status = try fileSystem.status(of: path), !status.isDirectory else { continue }
            files.append((path, status.size, status.modifiedAt))
            sweep.octets += status.size
        }
        sweep.files = files.count
        for file in files.sorted(by: { ($0.at, $0.path) < ($1.at, $1.path) }) {
            guard sweep.octets > maximumOctets || file.at + Self.keptFor < now else { break }
            try fileSystem.unlink(file.path)
            sweep.removed += 1
            sweep.files -= 1
            sweep.octets -= file.size
        }
        return sweep
    }
}
