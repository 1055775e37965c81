/// CRC-32C (Castagnoli), the checksum of iSCSI and ext4 (RFC 3720 §12.1, test vectors in appendix B.4): finds any changed run of up to 32 bits,
/// and other damage but for one case in four thousand million.
///
/// Against accidents, not against somebody who changes content on purpose. Sixteen octets at a time by tables, since the instruction of the
/// processor is not to be had without C.
public struct CRC32C: Hashable, Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    public init() {}

    /// Of all octets so far.
    public var value: UInt32 { ~register }

    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    /// Takes the next octets; how they are split makes no difference.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register = Self.tables.withUnsafeBufferPointer { tables in Self.run(register, bytes, tables) }
    }

    private static func run(_ start: UInt32, _ bytes: UnsafeRawBufferPointer, _ t: UnsafeBufferPointer<UInt32>) -> UInt32 {
        var crc = start
        var offset = 0
        while offset &+ 16 <= bytes.count {
            let a = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) ^ crc
            let b = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &+ 4, as: UInt32.self))
            let c = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt32.self))
            let d = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &+ 12, as: UInt32.self))
            crc = word(a, t, 12) ^ word(b, t, 8) ^ word(c, t, 4) ^ word(d, t, 0)
            offset &+= 16
        }
        while offset < bytes.count {
            crc = (crc >> 8) ^ t[Int((crc ^ UInt32(bytes[offset])) & 0xFF)]
            offset &+= 1
        }
        return crc
    }

    /// What four octets do to the register that are followed by `behind` more of the sixteen.
    @inline(__always)
    private static func word(_ word: UInt32, _ t: UnsafeBufferPointer<UInt32>, _ behind: Int) -> UInt32 {
        t[(behind &+ 3) &* 256 &+ Int(word & 0xFF)] ^ t[(behind &+ 2) &* 256 &+ Int((word >> 8) & 0xFF)]
            ^ t[(behind &+ 1) &* 256 &+ Int((word >> 16) & 0xFF)] ^ t[behind &* 256 &+ Int(word >> 24)]
    }

    /// Sixteen tables of 256: what an octet does to the register that is followed by none, one, … fifteen others.
    private static let tables: [UInt32] = {
        // 0x1EDC6F41, with its bits reversed.
        let polynomial: UInt32 = 0x82F6_3B78
        var tables = [UInt32](repeating: 0, count: 16 * 256)
        for octet in 0..<256 {
            var value = UInt32(octet)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1 }
            tables[octet] = value
        }
        for index in 256..<(16 * 256) {
            let before = tables[index - 256]
            tables[index] = (before >> 8) ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()
}
