import Foundation
import MailVocabulary
import NIOCore
import Testing

@testable import MessageFormat

@Suite("Header of a message being submitted")
struct SubmittedHeaderFilterTests {
    private static let date = "Date: Tue, 24 Nov 2026 03:07:00 +0000\r\n"
    private static let queueID = QueueID(value: 1_764_000_000_000_000)
    private static let messageID = "Message-ID: <\(queueID)@mail.example>\r\n"
    private static let both = date + messageID

    static func filter(_ chunks: [ByteBuffer]) throws -> String {
        var filter = SubmittedHeaderFilter(
            host: try #require(DomainName(parsing: "mail.example")), queueID: queueID, date: Timestamp(seconds: 1_795_489_620))
        var output: [ByteBuffer] = []
        for chunk in chunks { filter.process(chunk, into: &output) }
        filter.finish(into: &output)
        var joined = ByteBuffer()
        for var piece in output { joined.writeBuffer(&piece) }
        return String(buffer: joined)
    }

    @Test(
        "what is missing is added at the end of the header, and Bcc goes",
        arguments: [
            ("Subject: a\r\n\r\nbody\r\n", "Subject: a\r\n\(both)\r\nbody\r\n"),
            ("Subject: a\r\nDATE : x\r\n\r\nbody\r\n", "Subject: a\r\nDATE : x\r\n\(messageID)\r\nbody\r\n"),
            ("message-id:\r\n <x@y>\r\n\r\n", "message-id:\r\n <x@y>\r\n\(date)\r\n"),
            ("Date: x\r\nMessage-ID: y\r\n\r\nDate: body\r\n", "Date: x\r\nMessage-ID: y\r\n\r\nDate: body\r\n"),
            ("Dates: x\r\nX-Date: x\r\nMessage-IDs: y\r\n\r\n", "Dates: x\r\nX-Date: x\r\nMessage-IDs: y\r\n\(both)\r\n"),
            ("To: a\r\nBcc: b@x.example\r\nCc: c\r\n\r\nBcc: body\r\n", "To: a\r\nCc: c\r\n\(both)\r\nBcc: body\r\n"),
            ("bCC:\r\n a,\r\n\tb\r\nTo: a\r\n \r\nResent-BCC \t: x\r\n\r\n", "To: a\r\n \r\n\(both)\r\n"),
            ("Bcc: x\r\n\r\nbody", "\(both)\r\nbody"),
            ("X-Bcc: x\r\nBccs: y\r\nBc: z\r\n\r\n", "X-Bcc: x\r\nBccs: y\r\nBc: z\r\n\(both)\r\n"),
            (
                "Authentication-Results: mail.example; spf=pass\r\nBcc: x\r\nAuthentication-Results: o; spf=pass\r\n\r\n",
                "Authentication-Results: o; spf=pass\r\n\(both)\r\n"
            ),
            // No header, no empty line, or neither.
            ("\r\nbody\r\n", "\(both)\r\nbody\r\n"),
            ("", both),
            ("Subject: a\r\n", "Subject: a\r\n\(both)"),
            ("Subject: a", "Subject: a\r\n\(both)"),
            ("Subject: a\r\nBcc: x", "Subject: a\r\n\(both)"),
            ("just text\r\n\r\nmore: text\r\n", "\(both)\r\njust text\r\n\r\nmore: text\r\n"),
            ("word", "\(both)\r\nword"),
            ("Subject: a\r\nno field\r\nTo: b\r\n\r\nx\r\n", "Subject: a\r\n\(both)\r\nno field\r\nTo: b\r\n\r\nx\r\n"),
            ("Date: a\r\nMessage-ID: b\r\nno field\r\n", "Date: a\r\nMessage-ID: b\r\n\r\nno field\r\n"),
            ("Subject: a\r\nä: b\r\n\r\n", "Subject: a\r\n\(both)\r\nä: b\r\n\r\n"),
            (" fold first\r\nTo: b\r\n\r\n", "\(both)\r\n fold first\r\nTo: b\r\n\r\n"),
            (": no name\r\n\r\n", "\(both)\r\n: no name\r\n\r\n"),
            ("From a@x.example Tue Nov 24\r\nTo: b\r\n\r\n", "X-Mailbox-Line: From a@x.example Tue Nov 24\r\nTo: b\r\n\(both)\r\n"),
            (">From a\r\nTo: b\r\n\r\n", "X-Mailbox-Line: >From a\r\nTo: b\r\n\(both)\r\n"),
            ("To: b\r\nFrom a\r\n\r\n", "To: b\r\n\(both)\r\nFrom a\r\n\r\n"),
        ])
    func fixes(message: String, expected: String) throws {
        let buffer = ByteBuffer(string: message)
        #expect(try Self.filter([buffer]) == expected)
        for size in [1, 2, 3, 7] { #expect(try Self.filter(buffer.chunks(of: size)) == expected, "chunks of \(size)") }
    }

    @Test("a line without a colon is not held back for ever, nor is a header of any size")
    func bounded() throws {
        for length in [998, 999, 100_000] {
            let name = String(repeating: "x", count: length)
            let message = "\(name): y\r\n\r\n"
            let expected = length <= 997 + 1 ? "\(name): y\r\n\(Self.both)\r\n" : "\(Self.both)\r\n\(message)"
            for size in [1, 4096, 1_000_000] { #expect(try Self.filter(ByteBuffer(string: message).chunks(of: size)) == expected) }
        }
        let many = String(repeating: "X-Filler: \(String(repeating: "y", count: 500))\r\n", count: 4000)
        let bcc = "Bcc: " + String(repeating: "a@x.example,\r\n ", count: 100_000) + "b@x.example\r\n"
        let message = many + bcc + "To: a\r\n\r\nbody\r\n"
        #expect(try Self.filter(ByteBuffer(string: message).chunks(of: 65536)) == many + "To: a\r\n\(Self.both)\r\nbody\r\n")
    }

    @Test("what needs no change passes as slices of its chunks, uncopied")
    func zeroCopy() throws {
        var filter = SubmittedHeaderFilter(
            host: try #require(DomainName(parsing: "mail.example")), queueID: Self.queueID, date: Timestamp(seconds: 0))
        var output: [ByteBuffer] = []
        let head = ByteBuffer(string: "Date: a\r\nMessage-ID: b\r\nSubject: c\r\n\r\nbody")
        let body = ByteBuffer(string: " goes on\r\n")
        filter.process(head, into: &output)
        filter.process(body, into: &output)
        filter.finish(into: &output)
        #expect(output.count == 2)
        for (input, output) in zip([head, body], output) {
            let from = input.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            #expect(output.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == from)
        }
    }

    private static let pieces = [
        "Received: x\r\n", "Bcc: a@x.example\r\n", "bcc:\r\n b@x.example,\r\n\tc\r\n",
        "Resent-Bcc: d\r\n", "Date: Tue, 24 Nov 2026 03:07:00 +0000\r\n", "Message-Id: <a@b>\r\n", "Subject: é ü\r\n",
        "To: a@x.example\r\n",
        "X-Long: \(String(repeating: "x", count: 300))\r\n fold\r\n", "no field\r\n", "\r\n",
    ]

    /// Fragments, and what Python sees otherwise than we do: fields that are forged are removed behind a broken line, too.
    private static let oddPieces = ["Bcc", ":", "d", "Authentication-Results: mail.example; a=b\r\n", "From someone\r\n"]

    private static func message(_ random: inout SeededGenerator, of pieces: [String] = pieces) -> String {
        var message = Int.random(in: 0..<8, using: &random) == 0 ? "From someone\r\n" : ""
        for _ in 0..<Int.random(in: 0..<14, using: &random) { message += pieces.randomElement(using: &random) ?? "" }
        return message
    }

    @Test("any split of a message gives the same result", arguments: 0..<200 as Range<UInt64>)
    func anySplit(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let buffer = ByteBuffer(string: Self.message(&random, of: Self.pieces + Self.oddPieces))
        let whole = try Self.filter([buffer])
        #expect(try Self.filter(buffer.chunks(of: 1)) == whole)
        for _ in 0..<8 {
            let size = Int.random(in: 1...64, using: &random)
            #expect(try Self.filter(buffer.chunks(upTo: size, using: &random)) == whole)
        }
        #expect(try Self.filter([ByteBuffer(string: whole)]) == whole, "a message that is complete changes no more")
    }

    private static let program = """
        import base64, email, email.policy, sys
        def read(text):
            return email.message_from_bytes(base64.b64decode(text), policy=email.policy.compat32)
        def fields(m):
            gone = ('bcc', 'resent-bcc')
            return [(n, str(v)) for n, v in m.items() if n.lower() not in gone]
        bad = 0
        lines = sys.stdin.read().split('\\n')
        for line in lines:
            if not line: continue
            before, after = (read(text) for text in line.split('|'))
            had = fields(before)
            if before.get_unixfrom(): had.insert(0, ('X-Mailbox-Line', before.get_unixfrom()))
            has = fields(after)
            names = [n.lower() for n, v in had]
            added = [n for n in ('Date', 'Message-ID') if n.lower() not in names]
            if has[:len(had)] != had or [n for n, v in has[len(had):]] != added or has != list(after.items()) \
                    or before.get_payload() != after.get_payload() or after.get_unixfrom():
                bad += 1
                print(base64.b64decode(line.split('|')[0]), base64.b64decode(line.split('|')[1]))
        print('different', bad, 'of', len(lines) - 1)
        """

    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(
        "Python's email package finds the fields that were there and those that were missing, and the same body",
        .enabled(if: python != nil, "python3 is not installed"))
    func secondOpinion() throws {
        let python = try #require(Self.python)
        var input = ""
        for seed in 0..<400 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let message = Self.message(&random)
            let filtered = try Self.filter([ByteBuffer(string: message)])
            input += Data(message.utf8).base64EncodedString() + "|" + Data(filtered.utf8).base64EncodedString() + "\n"
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", Self.program]
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (standardInput, standardOutput)
        try process.run()
        // It reads everything before it writes.
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(String(decoding: output, as: UTF8.self) == "different 0 of 400\n")
    }
}
