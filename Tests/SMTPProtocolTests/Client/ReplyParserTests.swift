import MailVocabulary
import NIOCore
import Testing

@testable import SMTPProtocol

@Suite("Replies of a remote server")
struct ReplyParserTests {
    private func parse(_ text: String) throws -> [Reply] {
        var parser = ReplyParser()
        parser.append(ByteBuffer(string: text))
        var replies: [Reply] = []
        while let reply = try parser.next() { replies.append(reply.reply) }
        return replies
    }

    @Test(
        "a reply is read with its status and its lines",
        arguments: [
            ("250 ok\r\n", "250 ok"), ("250\r\n", "250 "), ("250 \r\n", "250 "), ("250 ok\n", "250 ok"),
            ("550 5.1.1 who\r\n", "550 5.1.1 who"), ("550-5.1.1 one\r\n550 5.1.1 two\r\n", "550 5.1.1 one / two"),
            ("550-one\r\n550 5.1.1 two\r\n", "550 5.1.1 one / two"),
            // The class does not agree with the code: text, not a status.
            ("550 4.1.1 who\r\n", "550 4.1.1 who"), ("250 5.1\r\n", "250 5.1"),
            ("450-a\r\n450-\r\n450 b\r\n", "450 a / b"),
        ])
    func accepted(wire: String, expected: String) throws {
        #expect(try parse(wire).map(\.description) == [expected])
    }

    @Test("the status of a code of another class is not taken")
    func statusClass() throws {
        #expect(try parse("550 4.1.1 who\r\n")[0].status == nil)
        #expect(try parse("550 5.1.1\r\n")[0].status == EnhancedStatusCode(5, 1, 1))
    }

    @Test(
        "what is no reply is an error that quotes it",
        arguments: [
            ("hello\r\n", "hello"), ("\r\n", ""), ("25 ok\r\n", "25 ok"), ("2500 ok\r\n", "2500 ok"), ("250_ok\r\n", "250_ok"),
            ("150 go\r\n", "150 go"), ("650 go\r\n", "650 go"), ("2x0 go\r\n", "2x0 go"), ("\u{1B}[2J\r\n", "?[2J"),
        ])
    func refused(wire: String, quoted: String) {
        #expect(throws: ReplyParser.Failure.malformed(quoted)) { try parse(wire) }
    }

    @Test("codes that differ within a reply are an error")
    func inconsistent() {
        #expect(throws: ReplyParser.Failure.inconsistentCodes("251 b")) { try parse("250-a\r\n251 b\r\n") }
    }

    @Test("a line may have 2048 octets and no more, whether it ends or not")
    func lineLimit() throws {
        let longest = "250 " + String(repeating: "x", count: 2048 - 5)
        #expect(try parse(longest + "\r\n").count == 1)
        #expect(throws: ReplyParser.Failure.lineTooLong) { try parse(longest + "xx\r\n") }
        #expect(throws: ReplyParser.Failure.lineTooLong) { try parse(String(repeating: "2", count: 3000)) }
    }

    @Test("a reply may have 100 lines and no more")
    func linesLimit() throws {
        #expect(try parse(String(repeating: "250-x\r\n", count: 99) + "250 x\r\n").count == 1)
        #expect(throws: ReplyParser.Failure.tooManyLines) { try parse(String(repeating: "250-x\r\n", count: 100)) }
    }

    @Test("what a reply keeps of its text is bounded")
    func keptText() throws {
        let line = "550-" + String(repeating: "x", count: 900) + "\r\n"
        let reply = try parse(String(repeating: line, count: 50) + "550 end\r\n")[0]
        #expect(reply.lines.joined().utf8.count <= RemoteReply.maximumKeptText)
    }

    @Test("any split of a sequence of replies gives the same replies")
    func splits() throws {
        let text = "220-a\r\n220 b\r\n250 2.1.0 ok\r\n550-5.1.1 x\r\n550 5.1.1 y\r\n354\r\n"
        let whole = try parse(text)
        for seed in UInt64(0)..<200 {
            var generator = ClientTestGenerator(state: seed)
            var parser = ReplyParser()
            var rest = ByteBuffer(string: text)
            var replies: [Reply] = []
            while rest.readableBytes > 0, let piece = rest.readSlice(length: .random(in: 1...min(9, rest.readableBytes), using: &generator))
            {
                parser.append(piece)
                while let reply = try parser.next() { replies.append(reply.reply) }
            }
            #expect(replies == whole, "seed \(seed)")
        }
    }

    @Test("any octets at all leave the session waiting for more, or closed")
    func fuzz() {
        let alphabet = Array("250-45 \r\n\n.x\u{0}".utf8) + [0xFF, 0xC3]
        for seed in UInt64(0)..<2000 {
            var generator = ClientTestGenerator(state: seed)
            var session = SMTPClientSession(settings: ClientSettings(ourName: .name(DomainName(parsing: "us.example")!)))
            var closed = false
            for _ in 0..<20 where !closed {
                let bytes = (0..<Int.random(in: 1...40, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }
                for action in session.receive(.received(ByteBuffer(bytes: bytes))) where action == .close { closed = true }
            }
            #expect(closed || session.isOpen)
        }
    }
}
