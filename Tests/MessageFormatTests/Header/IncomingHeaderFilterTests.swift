import MailVocabulary
import NIOCore
import Testing

@testable import MessageFormat

@Suite("Header of a message being received")
struct IncomingHeaderFilterTests {
    /// What a filter made of a whole message.
    struct Result: Equatable {
        var text: String
        var receivedCount: Int
        var removed: Int
        var passed: Int
    }

    static func filter(_ chunks: [ByteBuffer]) throws -> Result {
        var filter = IncomingHeaderFilter(host: try #require(DomainName(parsing: "mail.example")))
        var output: [ByteBuffer] = []
        for chunk in chunks { filter.process(chunk, into: &output) }
        filter.finish(into: &output)
        var joined = ByteBuffer()
        for var piece in output { joined.writeBuffer(&piece) }
        return Result(
            text: String(buffer: joined), receivedCount: filter.receivedCount, removed: filter.removedFieldCount,
            passed: filter.passedOctets)
    }

    static func filter(_ text: String) throws -> Result { try filter([ByteBuffer(string: text)]) }

    @Test(
        "a field that claims our host name is removed with its continuation lines",
        arguments: [
            "Authentication-Results: mail.example; spf=pass\r\n",
            "authentication-results: MAIL.Example; spf=pass\r\n",
            "AUTHENTICATION-RESULTS:mail.example;none\r\n",
            "Authentication-Results : mail.example; none\r\n",
            "Authentication-Results \t :\tmail.example\r\n",
            "Authentication-Results: mail.example. ; none\r\n",
            "Authentication-Results: mail.example 1; none\r\n",
            "Authentication-Results: mail.example/1; none\r\n",
            "Authentication-Results: mail.example(x); none\r\n",
            "Authentication-Results: \"mail.example\"; none\r\n",
            "Authentication-Results: \"ma\\il.exam\\ple\"; none\r\n",
            "Authentication-Results: \" mail.example \"; none\r\n",
            "Authentication-Results: (a (nested \\) ) comment) mail.example; none\r\n",
            "Authentication-Results:\r\n mail.example; none\r\n",
            "Authentication-Results: (a\r\n\tb)\r\n\t(c) mail.example; none\r\n \r\n\tspf=pass\r\n",
            "Authentication-Results: mail.example;\r\n spf=pass\r\n\tdkim=pass\r\n",
        ])
    func removed(field: String) throws {
        let message = "Subject: a\r\n\(field)To: b\r\n\r\nAuthentication-Results: mail.example; body\r\n"
        let result = try Self.filter(message)
        #expect(result.text == "Subject: a\r\nTo: b\r\n\r\nAuthentication-Results: mail.example; body\r\n")
        #expect(result.removed == 1)
        #expect(result.passed == result.text.utf8.count)
    }

    @Test(
        "every other field passes byte-identical",
        arguments: [
            "Authentication-Results: mx.other.example; spf=pass\r\n",
            "Authentication-Results: mail.example.other; spf=pass\r\n",
            "Authentication-Results: xmail.example; spf=pass\r\n",
            "Authentication-Results: (mail.example) other.example; spf=pass\r\n",
            "Authentication-Results: ; none\r\n",
            "Authentication-Results:\r\n",
            "Authentication-Results: (never closed mail.example\r\n",
            "Authentication-Results: \"never closed mail.example\r\n",
            "Authentication-Results\r\n",
            "Authentication-Results mail.example; none\r\n",
            "Authentication-Resultsx: mail.example; none\r\n",
            "Authentication-Result: mail.example; none\r\n",
            "X-Authentication-Results: mail.example; none\r\n",
            "ARC-Authentication-Results: i=1; mail.example; none\r\n",
            "A\r\n", "A: b\r\n", "R\r\n", ":\r\n", "no field at all\r\n", " begins with a fold\r\n", "From sender Mon Jan 1\r\n",
            "Subject: Authentication-Results: mail.example\r\n Authentication-Results: mail.example\r\n",
        ])
    func kept(field: String) throws {
        for message in [field + "To: b\r\n\r\nbody\r\n", "Subject: a\r\n" + field, "Subject: a\r\n\(field)\r\nbody\r\n", field] {
            let result = try Self.filter(message)
            #expect(result.text == message)
            #expect(result.removed == 0)
        }
    }

    @Test("several forged fields go, those between stay")
    func several() throws {
        let forged = "Authentication-Results: mail.example; none\r\n"
        let result = try Self.filter(forged + forged + "To: a\r\n" + forged + "Cc: b\r\n" + forged + "\r\n" + forged)
        #expect(result.text == "To: a\r\nCc: b\r\n\r\n" + forged)
        #expect(result.removed == 4)
    }

    @Test("a forged field at the very end of a message without a body is removed")
    func atTheEnd() throws {
        let result = try Self.filter("To: a\r\nAuthentication-Results: mail.example\r\n")
        #expect(result.text == "To: a\r\n")
    }

    @Test("an internationalised host name is recognised in U-labels and A-labels")
    func uLabels() throws {
        let host = try #require(DomainName(parsing: "bücher.example"))
        for id in ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example"] {
            var filter = IncomingHeaderFilter(host: host)
            var output: [ByteBuffer] = []
            filter.process(ByteBuffer(string: "Authentication-Results: \(id); none\r\n\r\n"), into: &output)
            #expect(output == [ByteBuffer(string: "\r\n")], "\(id)")
        }
    }

    @Test("Received fields are counted in the header only, whatever their case, folded or not")
    func receivedCount() throws {
        let result = try Self.filter(
            "Received: a\r\nRECEIVED : b\r\n c\r\nreceived:\r\n d\r\n Received: fold\r\nReceived-SPF: pass\r\nX-Received: e\r\nReceive: f\r\n"
                + "Received\r\nReceived x: y\r\n\r\nReceived: body\r\n")
        #expect(result.receivedCount == 3)
    }

    @Test("a field that leaves its authserv-id open for too long is removed, however it is split")
    func endlessComment() throws {
        let folds = String(repeating: "(comment)\r\n ", count: 500)
        let message = "To: a\r\nAuthentication-Results: \(folds)mail.example; none\r\nCc: b\r\n\r\n"
        for size in [1, 7, 4096, 100_000] {
            let result = try Self.filter(ByteBuffer(string: message).chunks(of: size))
            #expect(result.text == "To: a\r\nCc: b\r\n\r\n")
        }
    }

    @Test("the scan for octets above 127 finds one at every place")
    func eightBitPlaces() {
        for count in [1, 63, 64, 65, 200] {
            for place in 0..<count {
                var octets = [UInt8](repeating: 0x7F, count: count)
                #expect(!ByteBuffer(bytes: octets).contains8BitOctets)
                octets[place] = 0x80
                #expect(ByteBuffer(bytes: octets).contains8BitOctets)
            }
        }
    }

    @Test("a message that needs no change passes as slices of its chunks, uncopied")
    func zeroCopy() throws {
        var filter = IncomingHeaderFilter(host: try #require(DomainName(parsing: "mail.example")))
        var output: [ByteBuffer] = []
        let head = ByteBuffer(string: "Received: a\r\nSubject: b\r\nAccept: c\r\n\r\nbody")
        let body = ByteBuffer(string: " goes on\r\n")
        filter.process(head, into: &output)
        filter.process(body, into: &output)
        #expect(filter.isHeaderComplete)
        #expect(output.count == 2)
        for (input, output) in zip([head, body], output) {
            let from = input.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            #expect(output.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == from)
        }
    }

    @Test("any split of a message gives the same result", arguments: 0..<200 as Range<UInt64>)
    func anySplit(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "Received: x\r\n", "received :\r\n y\r\n", "Authentication-Results: mail.example; a=b\r\n",
            "Authentication-Results: other; a\r\n",
            "Authentication-Results:\r\n (c\r\n\t(d)) \"mail.example\"\r\n ; x\r\n", "A\r\n", "Ab: c\r\n", "garbage\r\n", " fold\r\n",
            "\tü\r\n",
            "Subject: long \(String(repeating: "x", count: 300))\r\n", "Authentication-Results", ":", "R", "\r\n", "\r\n\r\n",
        ]
        var message = ""
        for _ in 0..<Int.random(in: 0..<16, using: &random) { message += pieces.randomElement(using: &random) ?? "" }
        let whole = try Self.filter(message)
        let buffer = ByteBuffer(string: message)
        #expect(try Self.filter(buffer.chunks(of: 1)) == whole)
        for _ in 0..<8 {
            let size = Int.random(in: 1...64, using: &random)
            #expect(try Self.filter(buffer.chunks(upTo: size, using: &random)) == whole)
        }
    }
}

extension ByteBuffer {
    /// Cut into chunks of so many octets; an empty chunk between them.
    func chunks(of size: Int) -> [ByteBuffer] {
        var rest = self
        var chunks: [ByteBuffer] = []
        while let chunk = rest.readSlice(length: Swift.min(size, rest.readableBytes)), chunk.readableBytes > 0 {
            chunks += [chunk, ByteBuffer()]
        }
        return chunks
    }

    func chunks(upTo size: Int, using random: inout SeededGenerator) -> [ByteBuffer] {
        var rest = self
        var chunks: [ByteBuffer] = []
        while let chunk = rest.readSlice(length: Swift.min(Int.random(in: 1...size, using: &random), rest.readableBytes)),
            chunk.readableBytes > 0
        {
            chunks.append(chunk)
        }
        return chunks
    }
}
