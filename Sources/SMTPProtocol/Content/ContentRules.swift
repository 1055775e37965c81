import NIOCore

/// What the octets of one message have been so far, however they are framed.
///
/// Octets count as the message has them: dots added for transparency and the end of data do not (RFC 1870 §5).
struct ContentRules: Sendable {
    private(set) var octets = 0
    private(set) var defect: ContentDefect?
    private(set) var has8BitOctets = false
    private var lineLength = 0
    /// nil: no limit.
    private let limit: Int?
    /// Of a line without its CRLF, in octets; nil: no limit.
    private let lineLimit: Int?

    init(limit: Int?, lineLimit: Int?) { (self.limit, self.lineLimit) = (limit, lineLimit) }

    /// Counts octets of a line: not CR, LF or NUL.
    ///
    /// - Returns: how many of them come before the first defect.
    mutating func text(_ count: Int) -> Int {
        let lineRoom = lineLimit.map { $0 - lineLength } ?? Int.max
        let sizeRoom = limit.map { $0 - octets } ?? Int.max
        octets += count
        guard defect == nil else { return 0 }
        lineLength += count
        guard count > lineRoom || count > sizeRoom else { return count }
        defect = lineRoom <= sizeRoom ? .lineTooLong : .tooLarge
        return max(0, min(lineRoom, sizeRoom))
    }

    /// Counts a CR or a LF that may stand where it stands.
    ///
    /// - Returns: whether it is free of defects.
    mutating func lineEndOctet() -> Bool {
        octets += 1
        guard defect == nil else { return false }
        if let limit, octets > limit { defect = .tooLarge }
        lineLength = 0
        return defect == nil
    }

    /// Notes a CR, LF or NUL where none may stand; the first defect is the one that counts.
    mutating func bareLineEnd() {
        if defect == nil { defect = .bareLineEnd }
    }

    /// Counts an octet that stands where it may not.
    mutating func refusedOctet() { octets += 1 }

    mutating func note8BitOctets(in content: ByteBuffer) {
        if !has8BitOctets { has8BitOctets = content.withUnsafeReadableBytes(Self.has8BitOctets) }
    }

    /// Sixteen octets at a time.
    private static func has8BitOctets(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 16 <= bytes.count {
            let words = bytes.loadUnaligned(fromByteOffset: index, as: SIMD2<UInt64>.self)
            if (words[0] | words[1]) & 0x8080_8080_8080_8080 != 0 { return true }
            index += 16
        }
        while index < bytes.count {
            if bytes[index] >= 0x80 { return true }
            index += 1
        }
        return false
    }
}
