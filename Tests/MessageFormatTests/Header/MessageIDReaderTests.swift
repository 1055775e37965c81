import MessageFormat
import NIOCore
import Testing

@Suite("The Message-ID of what comes in")
struct MessageIDReaderTests {
    static let cases: [(header: String, id: String?)] = [
        ("Message-ID: <a@b.example>\r\n\r\n", "<a@b.example>"),
        ("Subject: x\r\nMESSAGE-id :<a@b.example> \r\nMessage-ID: <second@b.example>\r\n\r\n", "<a@b.example>"),
        ("Message-ID:\r\n\t<folded@b.example>\r\n\r\n", "<folded@b.example>"),
        ("Message-ID: <a@b.example>\nSubject: x\n\n", "<a@b.example>"),
        ("Subject: Message-ID: <no@b.example>\r\n Message-ID: <no@b.example>\r\n\r\nMessage-ID: <body@b.example>\r\n", nil),
        ("Message-ID:\r\n\r\n", nil),
        ("X-Message-ID: <no@b.example>\r\n\r\n", nil),
        ("Message-ID: \u{FF}\u{FE}<a@b.example>\r\n\r\n", "\u{FF}\u{FE}<a@b.example>"),
    ]

    @Test("is found however the content is split, and only in the header", arguments: cases)
    func found(header: String, id: String?) {
        let bytes = Array(header.utf8)
        for size in [1, 2, 3, 7, bytes.count] {
            var reader = MessageIDReader()
            for start in stride(from: 0, to: bytes.count, by: size) {
                reader.take(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(reader.messageID == id, "in pieces of \(size)")
        }
    }

    @Test("is bounded: a long one is cut, and a header without end is not looked at for ever")
    func bounded() throws {
        var reader = MessageIDReader()
        reader.take(ByteBuffer(string: "Message-ID: <" + String(repeating: "a", count: 100_000)))
        reader.take(ByteBuffer(string: "\r\n b@c>\r\n\r\n"))
        #expect(reader.messageID == nil)
        var folded = MessageIDReader()
        folded.take(ByteBuffer(string: "Message-ID: <\r\n" + String(repeating: " aaaaaaaaaa\r\n", count: 1000) + "\r\n"))
        #expect(try #require(folded.messageID).utf8.count <= MessageIDReader.longest)
    }
}
