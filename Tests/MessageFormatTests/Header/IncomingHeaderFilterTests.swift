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
            "Authentication-Results: sub.mail.example; spf=pass\r\n",
            "Authentication-Results: xmail.example; spf=pass\r\n",
            "Authentication-Results: (mail.example) other.example; spf=pass\r\n",
            "Authentication-Results: \"other.example\"; none\r\n",
            "authentication-results \t:other.example 1 ; NONE (no checks)\r\n",
            "Authentication-Results: other.example; iprev/1 = pass (one (two \\) \" )) policy.iprev=\"2001:db8::1\"\r\n",
            "Authentication-Results: bücher.other; spf=pass smtp.mailfrom=jörg@bücher.other\r\n",
            "Authentication-Results: mx.google.com;\r\n dkim=pass header.i=@x.example header.s=s1 header.b=aB/c+d;\r\n"
                + "       spf=pass (google.com: domain of a@x.example designates 2001:db8::1) smtp.mailfrom=x.example;\r\n",
            "Authentication-Resultsx: mail.example; none\r\n",
            "Authentication-Result: mail.example; none\r\n",
            "X-Authentication-Results: mail.example; none\r\n",
            "ARC-Authentication-Results: i=1; mail.example; none\r\n",
            "A: b\r\n", "A:\r\n", "x\t :\r\n", "Subject: a\u{0B}\u{0C}\u{A0}b\u{85}\r\n \r\n\t\r\n",
            "Subject: Authentication-Results: mail.example\r\n Authentication-Results: mail.example\r\n",
        ])
    func kept(field: String) throws {
        for message in [field + "To: b\r\n\r\nbody\r\n", "Subject: a\r\n" + field, "Subject: a\r\n\(field)\r\nbody\r\n", field] {
            let result = try Self.filter(message)
            #expect(result.text == message)
            #expect(result.removed == 0)
        }
    }

    @Test(
        "Authentication-Results that are not well-formed are removed, whomever they name",
        arguments: [
            "", ";", "; none", "; mail.example; dkim=pass", "<mail.example>; dkim=pass", "<other.example>; none", "mail.example",
            "other.example", "other.example;", "other.example; (x)", "other.example; dkim", "other.example; none; dkim=pass",
            "other.example; dkim/x=pass", "other.example dkim=pass", "other.example 1x; dkim=pass", "other.example; =pass",
            "other example; dkim=pass", "other.example/1; none", "other.example, mail.example; none", "@other.example; none",
            "\u{0B}mail.example; dkim=pass", "\u{0C}other.example; dkim=pass", "\u{A0}mail.example; dkim=pass",
            "\u{200B}mail.example; dkim=pass", "ma\u{AD}il.example; dkim=pass", "mail.example\u{0}; dkim=pass",
            "=?utf-8?q?mail.example?=; dkim=pass", "\"=?utf-8?q?mail.example?=\"; dkim=pass",
            "(=?utf-8?q?=29_mail.example=3B_dkim=3Dpass?=) other.example; none",
            "(never closed mail.example", "other.example; dkim=pass (never closed", "\"never closed mail.example; none",
            "other.example; dkim=pass reason=\"x", "other.example; dkim=pass )", "\"other.example; none\"; dkim=pass", "\"\"; none",
            "\" other.example \"; none", "(one (two) mail.example; three) other.example; none",
            "(\\) mail.example; dkim=pass) other.example; none", "(\") mail.example; dkim=pass (\") other.example; none",
            "(; mail.example;) other.example; none", "other.example; dkim=pass\r\n \r\n\tspf=pass", "other.example;\r\n\t\r\n dkim=pass",
            "ｍail。example; dkim=pass", "bü cher.example; none", "пример_; none", ".mail.example.; dkim=pass",
        ])
    func malformed(value: String) throws {
        for message in [value, " " + value, "\r\n\t" + value].map({ "To: a\r\nAuthentication-Results:\($0)\r\nCc: b\r\n\r\n" }) {
            let result = try Self.filter(message)
            #expect(result.text == "To: a\r\nCc: b\r\n\r\n", "\(message.debugDescription)")
            #expect(result.removed == 1)
        }
    }

    @Test("Authentication-Results that are no UTF-8 are removed")
    func invalidUTF8() throws {
        for octet in [0x80, 0xA0, 0xC3, 0xFF] as [UInt8] {
            var message = ByteBuffer(string: "Authentication-Results: other.example; dkim=pass (")
            message.writeInteger(octet)
            message.writeString(")\r\nTo: a\r\n\r\n")
            #expect(try Self.filter([message]).text == "To: a\r\n\r\n")
        }
    }

    @Test(
        "a line that is no field ends the header: an empty line is put before it",
        arguments: [
            "no field at all", "Authentication-Results", "Authentication-Results\r\n : mail.example; dkim=pass",
            "Authentication-Results mail.example; none", "Authentication-Results\u{0}: mail.example; dkim=pass",
            "\u{0B}Authentication-Results: mail.example; dkim=pass", "Authentication-Results\u{A0}: mail.example; dkim=pass",
            "\u{0C}dkim=pass", "\u{A0}dkim=pass", "\u{0}", "A", "R", ":", ": mail.example", "Received", "Received x: y", "ü: b",
            "From a: b",
            "\u{FEFF}Subject: x",
        ])
    func endOfHeader(line: String) throws {
        for rest in ["", "\r\n", "\r\nAuthentication-Results: mail.example; none\r\n\r\nbody\r\n"] {
            for head in ["Subject: a\r\n", "A: b\r\n c\r\n", "From a\r\nTo: b\r\n"] {
                let result = try Self.filter(head + line + rest)
                let passed = head.replacing("From a\r\n", with: "X-Mailbox-Line: From a\r\n")
                #expect(result.text == "\(passed)\r\n\(line)\(rest)")
                #expect(result.passed == result.text.utf8.count && result.removed == 0)
            }
            guard !line.hasPrefix("From ") else { continue }
            #expect(try Self.filter(line + rest).text == "\r\n\(line)\(rest)")
        }
    }

    @Test(
        "content that begins with a blank has no header, and cannot continue our own fields",
        arguments: [" dkim=pass\r\n", "\tdkim=pass\r\nTo: a\r\n\r\nbody\r\n", " \r\n\r\n", " "])
    func beginsWithBlank(message: String) throws { #expect(try Self.filter(message).text == "\r\n" + message) }

    @Test("what is behind a removed field cannot continue our own fields either")
    func behindRemoved() throws {
        let forged = "Authentication-Results: mail.example; none\r\n"
        for (message, expected) in [
            ("\(forged) dkim=pass\r\nTo: a\r\n", "To: a\r\n"), ("\(forged)\u{0B}dkim=pass\r\n", "\r\n\u{0B}dkim=pass\r\n"),
            ("\(forged)From a\r\n dkim=pass\r\n", "\r\nFrom a\r\n dkim=pass\r\n"), (forged, ""), (forged + "\r\n", "\r\n"),
        ] {
            #expect(try Self.filter(message).text == expected)
        }
    }

    @Test("separators of an mbox file at the beginning become fields, which what is behind them may continue")
    func mailboxSeparator() throws {
        let message = "From a@x.example Tue Nov 24\r\n dkim=pass\r\n>From b\r\nfrom \r\nTo: c\r\n\r\n"
        let expected =
            "X-Mailbox-Line: From a@x.example Tue Nov 24\r\n dkim=pass\r\nX-Mailbox-Line: >From b\r\nX-Mailbox-Line: from \r\nTo: c\r\n\r\n"
        for size in [1, 2, 5, 1000] {
            #expect(try Self.filter(ByteBuffer(string: message).chunks(of: size)).text == expected)
        }
        #expect(try Self.filter("From : a\r\n\r\n").text == "From : a\r\n\r\n")
        #expect(try Self.filter("From: a\r\n\r\n").text == "From: a\r\n\r\n")
    }

    @Test("however long a line of the header is, no more of it is held back than what decides about it")
    func longLines() throws {
        let long = String(repeating: "x", count: 10 << 20)
        for (message, expected) in [
            ("Subject: \(long)\r\n\r\n", "Subject: \(long)\r\n\r\n"), ("\(long): y\r\n\r\n", "\r\n\(long): y\r\n\r\n"),
            ("Authentication-Results: \(long)\r\nTo: a\r\n\r\n", "To: a\r\n\r\n"),
            ("Authentication-Results: other.example; spf=pass \(long)\r\nTo: a\r\n\r\n", "To: a\r\n\r\n"),
        ] {
            var filter = IncomingHeaderFilter(host: try #require(DomainName(parsing: "mail.example")))
            var (output, read) = ([ByteBuffer](), 0)
            for chunk in ByteBuffer(string: message).chunks(of: 65536) {
                filter.process(chunk, into: &output)
                read += chunk.readableBytes
                if !message.hasPrefix("Authentication-Results") {
                    #expect(read - filter.passedOctets <= IncomingHeaderFilter.maximumUndecidedOctets)
                }
            }
            filter.finish(into: &output)
            #expect(output.reduce(0) { $0 + $1.readableBytes } == expected.utf8.count)
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

    @Test("Authentication-Results that are longer than what is held back are removed, however they are split")
    func endlessComment() throws {
        let folds = String(repeating: "(comment)\r\n ", count: 1000)
        let message = "To: a\r\nAuthentication-Results: \(folds)other.example; none\r\nCc: b\r\n\r\n"
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
            "Authentication-Results: other; a=b\r\n", "Authentication-Results: other; a\r\n", "From x\r\n", "From ", ": ", "Subject",
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
