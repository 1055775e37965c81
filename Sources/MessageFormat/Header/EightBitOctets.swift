import NIOCore

extension ByteBuffer {
    /// Whether any readable octet is above 127.
    ///
    /// Eight words are folded into one at each step, which the compiler turns into vector instructions.
    public var contains8BitOctets: Bool { withUnsafeReadableBytes { $0.contains8BitOctets } }
}

extension UnsafeRawBufferPointer {
    /// Whether any octet is above 127.
    var contains8BitOctets: Bool {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        let block = 8 * MemoryLayout<UInt64>.size
        var offset = 0
        while offset + block <= count {
            var folded: UInt64 = 0
            for word in 0..<8 { folded |= loadUnaligned(fromByteOffset: offset + 8 * word, as: UInt64.self) }
            if folded & highBits != 0 { return true }
            offset += block
        }
        while offset < count {
            if self[offset] & 0x80 != 0 { return true }
            offset += 1
        }
        return false
    }
}
