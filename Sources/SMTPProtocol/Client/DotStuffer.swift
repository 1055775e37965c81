import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Makes content transparent for `DATA` (RFC 5321 §4.5.2), chunk by chunk.
///
/// A chunk in which no dot leads a line comes back as it is, without a copy.
public struct DotStuffer: Sendable {
    private enum Position: Hashable, Sendable {
        /// At the beginning, or after CRLF.
        case lineStart
        case afterBareLineFeed
        case afterCarriageReturn
        case withinLine
    }

    private var position = Position.lineStart

    public init() {}

    /// - Returns: the chunk with a dot added before each dot that leads a line.
    ///
    /// A line is what follows any LF: content of ours has none without CR, and a server that takes a bare LF for a line end
    /// must still not see an end of data in it.
    public mutating func stuff(_ chunk: ByteBuffer) -> ByteBuffer {
        guard chunk.readableBytes > 0 else { return chunk }
        let startsLine = position == .lineStart || position == .afterBareLineFeed
        let stuffed = chunk.withUnsafeReadableBytes { bytes in Self.stuffed(bytes, startsLine: startsLine) } ?? chunk
        note(chunk)
        return stuffed
    }

    /// - Returns: what ends the data: a lone dot, after CRLF if the content did not end in one.
    public mutating func finish() -> ByteBuffer {
        defer { position = .lineStart }
        return position == .lineStart ? Self.endOfData : Self.endOfDataAfterPartialLine
    }

    static let endOfData = ByteBuffer(string: ".\r\n")
    private static let endOfDataAfterPartialLine = ByteBuffer(string: "\r\n.\r\n")

    /// Only CRLF ends a line as far as the end of the content is concerned: after a bare LF a CRLF is still added.
    private mutating func note(_ chunk: ByteBuffer) {
        let bytes = chunk.readableBytesView
        switch bytes.last {
        case UInt8(ascii: "\n"):
            let before = bytes.count > 1 ? bytes[bytes.endIndex - 2] == UInt8(ascii: "\r") : position == .afterCarriageReturn
            position = before ? .lineStart : .afterBareLineFeed
        case UInt8(ascii: "\r"): position = .afterCarriageReturn
        default: position = .withinLine
        }
    }

    /// nil where nothing needs a dot. Searches for dots, not for lines: base64 has none at all.
    private static func stuffed(_ bytes: UnsafeRawBufferPointer, startsLine: Bool) -> ByteBuffer? {
        guard let base = bytes.baseAddress else { return nil }
        var output: ByteBuffer?
        var copied = 0
        var offset = 0
        while offset < bytes.count, let found = memchr(base + offset, 0x2E, bytes.count - offset) {
            let index = base.distance(to: UnsafeRawPointer(found))
            offset = index + 1
            guard index == 0 ? startsLine : bytes[index - 1] == UInt8(ascii: "\n") else { continue }
            if output == nil { output = ByteBufferAllocator().buffer(capacity: bytes.count + 64) }
            output?.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[copied...index]))
            copied = index
        }
        output?.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[copied...]))
        return output
    }
}
