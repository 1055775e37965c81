import MailVocabulary
import NIOCore

/// Writes replies as the wire wants them (RFC 5321 §4.2, RFC 2034 §4).
public enum ReplyEncoder {
    /// Octets of a reply line with its CRLF (RFC 5321 §4.5.3.1.5).
    public static let maximumLine = 512

    public static func encoded(_ reply: Reply) -> ByteBuffer {
        var buffer = ByteBuffer()
        encode(reply, into: &buffer)
        return buffer
    }

    /// Appends the reply: the enhanced status code in every line, longer lines broken into several, what is not printable ASCII as `?`.
    public static func encode(_ reply: Reply, into buffer: inout ByteBuffer) {
        let room = maximumLine - 2 - 4 - (reply.status.map(\.octets) ?? 0)
        for (index, line) in reply.lines.enumerated() {
            let isLast = index == reply.lines.count - 1
            if line.utf8.count <= room {
                write(reply, line.utf8[...], isLast: isLast, into: &buffer)
                continue
            }
            var rest = line.utf8[...]
            while rest.count > room {
                write(reply, rest.prefix(room), isLast: false, into: &buffer)
                rest = rest.dropFirst(room)
            }
            write(reply, rest, isLast: isLast, into: &buffer)
        }
    }

    private static func write(_ reply: Reply, _ text: Substring.UTF8View, isLast: Bool, into buffer: inout ByteBuffer) {
        writeDigits(reply.code, into: &buffer)
        buffer.writeInteger(isLast ? UInt8(ascii: " ") : UInt8(ascii: "-"))
        if let status = reply.status {
            writeDigits(UInt16(status.classDigit), into: &buffer)
            buffer.writeInteger(UInt8(ascii: "."))
            writeDigits(status.subject, into: &buffer)
            buffer.writeInteger(UInt8(ascii: "."))
            writeDigits(status.detail, into: &buffer)
            buffer.writeInteger(UInt8(ascii: " "))
        }
        sanitise(&buffer, last: buffer.writeBytes(text))
        buffer.writeInteger(UInt16(0x0D0A))
    }

    /// - Parameter count: how many octets at the end of the buffer are text.
    private static func sanitise(_ buffer: inout ByteBuffer, last count: Int) {
        buffer.withUnsafeMutableReadableBytes { bytes in
            for index in (bytes.count - count)..<bytes.count where !(0x20...0x7E).contains(bytes[index]) {
                bytes[index] = UInt8(ascii: "?")
            }
        }
    }

    private static func writeDigits(_ number: UInt16, into buffer: inout ByteBuffer) {
        if number >= 100 { buffer.writeInteger(UInt8(0x30 + number / 100)) }
        if number >= 10 { buffer.writeInteger(UInt8(0x30 + number / 10 % 10)) }
        buffer.writeInteger(UInt8(0x30 + number % 10))
    }
}

extension EnhancedStatusCode {
    /// The octets that the code and the space behind it take.
    fileprivate var octets: Int {
        func digits(_ number: UInt16) -> Int { number >= 100 ? 3 : number >= 10 ? 2 : 1 }
        return 1 + 1 + digits(subject) + 1 + digits(detail) + 1
    }
}
