import NIOCore
import Testing

@testable import SMTPProtocol

@Suite("Dot-stuffing")
struct DotStufferTests {
    private func stuff(_ chunks: [ByteBuffer]) -> String {
        var stuffer = DotStuffer()
        var output = ByteBuffer()
        for chunk in chunks { output.writeImmutableBuffer(stuffer.stuff(chunk)) }
        output.writeImmutableBuffer(stuffer.finish())
        return String(buffer: output)
    }

    private static let cases: [(String, String)] = [
        ("", ".\r\n"), ("a\r\n", "a\r\n.\r\n"), ("a", "a\r\n.\r\n"), (".", "..\r\n.\r\n"), (".\r\n", "..\r\n.\r\n"),
        ("..\r\n", "...\r\n.\r\n"), ("a.b\r\n.c\r\n", "a.b\r\n..c\r\n.\r\n"), ("\r\n.\r\n.\r\n", "\r\n..\r\n..\r\n.\r\n"),
        ("a\r", "a\r\r\n.\r\n"), ("a\n", "a\n\r\n.\r\n"), ("a\n.b", "a\n..b\r\n.\r\n"), ("a\r.b\r\n", "a\r.b\r\n.\r\n"),
    ]

    @Test("each dot that leads a line is doubled, and the end is a lone dot on a line of its own", arguments: cases)
    func table(content: String, wire: String) {
        #expect(stuff([ByteBuffer(string: content)]) == wire)
    }

    @Test("any split of the content gives the same octets", arguments: cases)
    func splits(content: String, wire: String) {
        let bytes = Array(content.utf8)
        for size in 1...3 {
            let chunks = stride(from: 0, to: bytes.count, by: size).map { ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)]) }
            #expect(stuff(chunks + [ByteBuffer()]) == wire, "chunks of \(size)")
        }
    }

    @Test("random content equals what line by line stuffing makes of it")
    func random() {
        for seed in UInt64(0)..<500 {
            var generator = ClientTestGenerator(state: seed)
            let lines = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                String((0..<Int.random(in: 0...5, using: &generator)).map { _ in ".ab".randomElement(using: &generator)! })
            }
            let expected = lines.map { ($0.hasPrefix(".") ? "." : "") + $0 + "\r\n" }.joined() + ".\r\n"
            var rest = ByteBuffer(string: lines.map { $0 + "\r\n" }.joined())
            var chunks: [ByteBuffer] = []
            while rest.readableBytes > 0, let chunk = rest.readSlice(length: .random(in: 1...rest.readableBytes, using: &generator)) {
                chunks.append(chunk)
            }
            #expect(stuff(chunks) == expected, "seed \(seed)")
        }
    }

    @Test("a chunk without a leading dot is not copied")
    func noCopy() {
        var stuffer = DotStuffer()
        let chunk = ByteBuffer(string: "a line. with dots.\r\nnone leads.\r\n")
        let stuffed = stuffer.stuff(chunk)
        let before = chunk.withUnsafeReadableBytes { $0.baseAddress }
        #expect(stuffed.withUnsafeReadableBytes { $0.baseAddress } == before)
    }
}
