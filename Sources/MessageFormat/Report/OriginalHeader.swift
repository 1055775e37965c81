import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// The header of the original as a report returns it (RFC 6522 §4).
struct OriginalHeader {
    /// Whole lines, without the empty line at the end.
    let content: ByteBuffer
    let has8BitOctets: Bool
    /// Whether some line is longer than 998 octets, or one that is not the last does not end in CRLF.
    private let hasBrokenLines: Bool

    /// - Parameters:
    ///   - content: the beginning of a message.
    ///   - limit: how much of it is read, in octets; a line that crosses it is left out.
    init(content: ByteBuffer, limit: Int) {
        let bounded = content.getSlice(at: content.readerIndex, length: min(limit, content.readableBytes)) ?? ByteBuffer()
        var broken = false
        let length = bounded.withUnsafeReadableBytes { octets -> Int in
            var lineStart = 0
            while lineStart < octets.count, let base = octets.baseAddress,
                let lineFeed = memchr(base + lineStart, 0x0A, octets.count - lineStart)
            {
                let end = base.distance(to: UnsafeRawPointer(lineFeed)) + 1
                let hasCRLF = end - lineStart >= 2 && octets[end - 2] == UInt8(ascii: "\r")
                if end - lineStart == (hasCRLF ? 2 : 1) { break }
                if !hasCRLF || end - lineStart > FieldWriter.maximumOctets + 2 { broken = true }
                lineStart = end
            }
            return lineStart
        }
        self.content = bounded.getSlice(at: bounded.readerIndex, length: length) ?? ByteBuffer()
        hasBrokenLines = broken
        has8BitOctets = self.content.contains8BitOctets
    }

    /// The part that carries it: as it is where its octets allow, otherwise quoted-printable (RFC 6522 §4, RFC 6533 §5).
    func part(allowingUTF8 isUTF8: Bool) -> (type: String, encoding: String, content: ByteBuffer) {
        if hasBrokenLines || (has8BitOctets && !(isUTF8 && isValidUTF8)) || content.readableBytesView.contains(0) {
            return ("text/rfc822-headers", "quoted-printable", QuotedPrintable.encode(content))
        }
        return isUTF8 ? ("message/global-headers", "8bit", content) : ("text/rfc822-headers", "7bit", content)
    }

    private var isValidUTF8: Bool { String(validating: content.readableBytesView, as: UTF8.self) != nil }
}
