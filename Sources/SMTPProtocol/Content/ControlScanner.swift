#if canImport(Glibc)
    import Glibc
#endif

/// Finds CR, LF and NUL in a buffer, front to back, with the C library's vector code.
///
/// Each of the three keeps its next place, so that a whole buffer costs three passes, however its octets lie.
struct ControlScanner {
    private let bytes: UnsafeRawBufferPointer
    private var nextCarriageReturn: Int
    private var nextLineFeed: Int
    private var nextNull: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        (nextCarriageReturn, nextLineFeed, nextNull) = (-1, -1, -1)
    }

    /// The first index from `start` on where a CR, LF or NUL stands; the number of octets where there is none.
    mutating func next(from start: Int) -> Int {
        if nextCarriageReturn < start { nextCarriageReturn = index(of: 0x0D, from: start) }
        if nextLineFeed < start { nextLineFeed = index(of: 0x0A, from: start) }
        if nextNull < start { nextNull = index(of: 0x00, from: start) }
        return min(nextCarriageReturn, nextLineFeed, nextNull)
    }

    private func index(of byte: Int32, from start: Int) -> Int {
        guard start < bytes.count, let base = bytes.baseAddress, let found = memchr(base + start, byte, bytes.count - start) else {
            return bytes.count
        }
        return base.distance(to: UnsafeRawPointer(found))
    }
}
