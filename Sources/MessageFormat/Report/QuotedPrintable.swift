import NIOCore

/// The quoted-printable encoding (RFC 2045 §6.7).
enum QuotedPrintable {
    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// Line ends (CRLF, or LF alone) become CRLF; lines are at most 76 octets long.
    static func encode(_ content: ByteBuffer) -> ByteBuffer {
        var encoded = ByteBuffer()
        encoded.reserveCapacity(content.readableBytes + content.readableBytes / 2)
        var column = 0
        let octets = content.readableBytesView
        var index = octets.startIndex
        while index < octets.endIndex {
            let octet = octets[index]
            let next = index + 1 < octets.endIndex ? octets[index + 1] : UInt8(ascii: "\n")
            index += 1
            if octet == UInt8(ascii: "\r"), next == UInt8(ascii: "\n"), index < octets.endIndex { continue }
            if octet == UInt8(ascii: "\n") {
                encoded.writeStaticString("\r\n")
                column = 0
                continue
            }
            let isBlank = octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t")
            let endsLine = next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r")
            let isLiteral = isBlank ? !endsLine : (0x21...0x7E).contains(octet) && octet != UInt8(ascii: "=")
            if column + (isLiteral ? 1 : 3) > 75 {
                encoded.writeStaticString("=\r\n")
                column = 0
            }
            if isLiteral {
                encoded.writeInteger(octet)
                column += 1
            } else {
                encoded.writeBytes([UInt8(ascii: "="), hexDigits[Int(octet >> 4)], hexDigits[Int(octet & 15)]])
                column += 3
            }
        }
        return encoded
    }
}
