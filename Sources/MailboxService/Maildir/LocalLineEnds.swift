import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Turns CRLF into LF, which is how lines end in the files of this machine: readers of Maildirs expect it, and some know no other.
///
/// Nothing is lost: content has no CR and no LF on its own, so that each LF of the file stands for one CRLF. A CR that ends a chunk waits for
/// the next one.
struct LocalLineEnds {
    private var hasCarriageReturn = false

    /// - Returns: the octets of the file, in order.
    mutating func convert(_ content: ByteBuffer) -> ByteBuffer {
        var output = ByteBuffer()
        output.reserveCapacity(content.readableBytes + 1)
        content.withUnsafeReadableBytes { octets in
            guard let base = octets.baseAddress, !octets.isEmpty else { return }
            var index = 0
            if hasCarriageReturn, octets[0] != UInt8(ascii: "\n") { output.writeInteger(UInt8(ascii: "\r")) }
            hasCarriageReturn = false
            while index < octets.count {
                let found = memchr(base + index, 0x0D, octets.count - index)
                let end = found.map { base.distance(to: UnsafeRawPointer($0)) } ?? octets.count
                output.writeBytes(UnsafeRawBufferPointer(rebasing: octets[index..<end]))
                index = end
                guard index < octets.count else { break }
                index += 1
                if index == octets.count {
                    hasCarriageReturn = true
                } else if octets[index] != UInt8(ascii: "\n") {
                    output.writeInteger(UInt8(ascii: "\r"))
                }
            }
        }
        return output
    }

    /// The content has ended: a CR that waits stands on its own.
    mutating func finish() -> ByteBuffer {
        defer { hasCarriageReturn = false }
        return hasCarriageReturn ? ByteBuffer(string: "\r") : ByteBuffer()
    }
}
