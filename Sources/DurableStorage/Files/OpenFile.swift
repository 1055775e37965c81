/// A file that is open until `close()` or until the last reference goes, whichever comes first: closed exactly once.
///
/// Calls from several threads are serialised. After `close()` each of them throws `EBADF`.
public protocol OpenFile: AnyObject, Sendable {
    /// As it was opened; a later rename does not change it.
    var path: String { get }

    /// Writes all the octets at the end of what was written before, or throws; then part of them may be there.
    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError)

    /// Makes the octets durable (`fdatasync`: content and size).
    ///
    /// A failure is final for this file: the kernel may have dropped what it could not write, so that a second try proves nothing.
    /// Write a new file instead.
    func sync() throws(FileError)

    /// Reads from a position into the buffer.
    ///
    /// - Returns: the number of octets read, which may be fewer than there is room for; 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int

    /// The size in octets.
    func size() throws(FileError) -> Int

    /// Closes the file. What was written is durable only if it was synced before. A second call does nothing.
    ///
    /// - Throws: an error that the file system kept back until now; the file is closed all the same.
    func close() throws(FileError)
}

extension OpenFile {
    /// Writes all the octets, or throws.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { buffer throws(FileError) in try write(UnsafeRawBufferPointer(buffer)) }
    }

    /// The whole content; memory grows with it.
    ///
    /// - Parameter limit: the most octets to read.
    public func readAll(limit: Int = .max) throws(FileError) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: min(try size(), limit))
        var filled = 0
        while filled < content.count {
            let count = try content.withUnsafeMutableBufferPointer { buffer throws(FileError) in
                try read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[filled...])), at: filled)
            }
            if count == 0 { break }
            filled += count
        }
        content.removeSubrange(filled...)
        return content
    }
}
