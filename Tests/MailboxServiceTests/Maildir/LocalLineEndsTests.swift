import NIOCore
import Testing

@testable import MailboxService

@Suite("Line ends of Maildir files")
struct LocalLineEndsTests {
    @Test(
        "CRLF becomes LF and nothing else changes, wherever the content is cut",
        arguments: [
            ("", ""), ("\r\n", "\n"), ("a\r\n\r\nb\r\n", "a\n\nb\n"), ("no end", "no end"), ("a\r\n\r\n\r\n.\r\n", "a\n\n\n.\n"),
            // Such content does not come in; what an earlier release took stays as it was.
            ("a\rb\r\r\nc\nd\r", "a\rb\r\nc\nd\r"),
        ])
    func everyCut(content: String, expected: String) {
        let octets = Array(content.utf8)
        for first in 0...octets.count {
            for second in first...octets.count {
                var lineEnds = LocalLineEnds()
                var file: [UInt8] = []
                for piece in [octets[..<first], octets[first..<second], octets[second...]] {
                    file += lineEnds.convert(ByteBuffer(bytes: piece)).readableBytesView
                }
                file += lineEnds.finish().readableBytesView
                #expect(String(decoding: file, as: UTF8.self) == expected, "cut at \(first) and \(second)")
            }
        }
    }
}
