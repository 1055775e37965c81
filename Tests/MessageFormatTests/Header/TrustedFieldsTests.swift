import Foundation
import MailVocabulary
import NIOCore
import Testing

@testable import MessageFormat

/// Our own trace fields above content of every kind, as other programs read them: Python's `email` with each of its policies, `authres`
/// (Debian's python3-authres), and the most lenient reader that could be thought of.
@Suite("Our own trace fields above hostile content")
struct TrustedFieldsTests {
    /// Contents that were thought of, each with the fault that it once had or looks for.
    static let contents: [String] = {
        let results = "Authentication-Results"
        let forged = "mail.example; dkim=pass header.d=bank.example"
        let beginnings = [
            " dkim=pass\r\n", "\tdkim=pass\r\n", " \r\n dkim=pass\r\n", " ;dkim=pass", "\u{0B}dkim=pass\r\n", "\u{0C} dkim=pass\r\n",
            "\u{A0}dkim=pass\r\n", "\u{0}dkim=pass\r\n", "garbage\r\n dkim=pass\r\n", "From someone\r\n dkim=pass\r\n",
            ">From someone\r\n\tdkim=pass\r\n", "From someone\r\n>From someone\r\n dkim=pass\r\n", ":\r\n dkim=pass\r\n",
            "\r\n dkim=pass\r\n",
            "\(results): \(forged)\r\n dkim=pass\r\n", "\(results): \(forged)\r\nFrom someone\r\n dkim=pass\r\n",
            "\u{FEFF}\(results): \(forged)\r\n", "",
        ]
        let names = [
            results, results.lowercased(), "\(results) ", "\(results)\t \t", "\(results)\r\n ", "\(results)\r\n\t", "\(results)\u{0}",
            "\u{0B}\(results)", "\u{A0}\(results)", "\(results)\u{A0}", "\(results)\u{0C}", " \(results)", "\u{200B}\(results)",
            "Authentication\u{AD}-Results", "\u{85}\(results)",
        ]
        let values = [
            forged, " \(forged)", "\u{0B}\(forged)", "\u{0C}\(forged)", "\u{A0}\(forged)", "; \(forged)", "<mail.example>; dkim=pass",
            "=?utf-8?q?mail.example?=; dkim=pass", "\"=?utf-8?q?mail.example?=\"; dkim=pass",
            "=?utf-8?b?bWFpbC5leGFtcGxlOyBka2ltPXBhc3M=?=",
            "(=?utf-8?q?=29_mail.example=3B_dkim=3Dpass?=) other.example; none", "MAIL.EXAMPLE.; dkim=pass", "\"mail.example\"; dkim=pass",
            "\"mail\\.example\"; dkim=pass", "\" mail.example\"; dkim=pass", "(\\) mail.example; dkim=pass) other.example; none",
            "(a (b) mail.example; dkim=pass (c) d) other.example; none", "(\") mail.example; dkim=pass (\") other.example; none",
            "\r\n mail.example; dkim=pass", "\r\n \r\n mail.example; dkim=pass", "mail.example\u{0}; dkim=pass",
            "mail.example\u{200B}; dkim=pass",
            "ｍail.example; dkim=pass", "mail。example; dkim=pass", "mail.example 1; dkim=pass", "mail.example/1; dkim=pass",
            "mail.example (x) 1 (y); dkim=pass", "mail.example,other.example; dkim=pass", ", mail.example; dkim=pass",
            "(never closed mail.example; dkim=pass", "\u{FEFF}mail.example; dkim=pass", "mail.\r\n example; dkim=pass",
        ]
        let fields = names.map { "\($0): \(forged)\r\n" } + values.flatMap { value in [" ", ""].map { "\(results):\($0)\(value)\r\n" } }
        return beginnings + beginnings.map { $0 + "To: a\r\n\r\nbody\r\n" } + fields
            + fields.flatMap { ["Subject: x\r\n\($0)To: a\r\n\r\nbody\r\n", "no field\r\n\($0)\r\n", "From x\r\n\($0)\r\n"] }
    }()

    private static let fragments =
        contents.filter { $0.utf8.count < 120 }
        + [
            "To: a\r\n", "Subject: x\r\n", "\r\n", " ", "\t", "Authentication-Results", ":", "mail.example", ";", " dkim=pass", "\"", "(",
            ")", "\\",
        ]

    static func content(seed: UInt64) -> String {
        var random = SeededGenerator(seed: seed)
        return (0..<Int.random(in: 1...8, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
    }

    /// What a client may have said, and what was found out about it.
    private static let traces: [String] = {
        guard let host = DomainName(parsing: "mail.example"), let name = DomainName(parsing: "client.example"),
            let address = IPAddress(parsing: "2001:db8::1")
        else { return [] }
        let lookups: [ReverseLookup] = [.confirmed(name), .noName, .notAsked]
        return zip(lookups, ["client.example", "x) by mail.example; dkim=pass (\r\n", nil]).map { lookup, helo in
            ReceivedField(
                helo: helo, clientAddress: address, reverseLookup: lookup, host: host, transmission: TransmissionProtocol(isExtended: true),
                queueID: QueueID(value: 1_764_000_000_000_000), recipient: EmailAddress(parsing: "\"a; dkim=pass\"@x.example"),
                date: Timestamp(seconds: 1_795_489_620)
            ).text + (AuthenticationResultsField(host: host, clientAddress: address, reverseLookup: lookup, helo: helo)?.text ?? "")
        }
    }()

    private static let program = #"""
        import authres, base64, email, email.header, email.policy, re, sys
        HOST = 'mail.example'

        def decoded(text):
            try: return str(email.header.make_header(email.header.decode_header(text)))
            except Exception: return text

        def package(octets, policy):
            found = email.message_from_bytes(octets, policy=policy)
            return [(name.lower(), re.sub(r'\r?\n', '', str(value))) for name, value in found.items()]

        def lenient(octets):
            # Any white space continues a field, any line may be one, what cannot be printed is dropped, encoded words are decoded.
            head = re.split(rb'(?:^|\r\n)\r\n', octets, maxsplit=1)[0]
            fields = []
            for line in head.split(b'\r\n'):
                if line[:1] in (b' ', b'\t', b'\x0b', b'\x0c', b'\0', b'\xa0') or line[:2] == b'\xc2\xa0':
                    if fields: fields[-1] += line
                elif re.match(rb'>*From ', line): pass
                else: fields.append(line)
            pairs = [line.partition(b':') for line in fields]
            return [(re.sub(r'[^a-z-]', '', name.decode('latin-1').lower()), value.decode('utf-8', 'replace')) for name, colon, value in pairs]

        def names_us(value):
            for text in (value, decoded(value)):
                try:
                    if authres.parse('Authentication-Results: ' + text).authserv_id.lower().strip('. ') == HOST: return True
                except Exception: pass
                for comment in (r'\([^()]*\)', r'\(.*?\)', r'\((?:[^()\\]|\\.)*\)'):
                    bare = text
                    while re.search(comment, bare): bare = re.sub(comment, ' ', bare, count=1)
                    bare = re.sub(r'[^\x21-\x7e ]', '', bare.lower()).lstrip(' ;,<"\'@./')
                    if re.match(re.escape(HOST) + r'(?![a-z0-9_.-])|' + re.escape(HOST) + r'\.(?![a-z0-9_-])', bare): return True
            return False

        readers = [('compat32', lambda octets: package(octets, email.policy.compat32)), ('default', lambda octets: package(octets, email.policy.default)),
                   ('SMTP', lambda octets: package(octets, email.policy.SMTP)), ('lenient', lenient)]
        count = bad = 0
        for line in sys.stdin:
            trace, message = (base64.b64decode(text) for text in line.split('|'))
            for name, read in readers:
                count += 1
                ours, all = read(trace + b'\r\n'), read(message)
                faults = []
                if not ours or all[:len(ours)] != ours: faults.append('ours are %r' % all[:len(ours)])
                for field, value in all[len(ours):]:
                    if field == 'authentication-results' and names_us(value): faults.append('forged %r' % value)
                for field, value in ours:
                    if field == 'authentication-results' and not names_us(value): faults.append('not ours %r' % value)
                if faults:
                    bad += 1
                    print(name, message, faults)
        print('readings', count, 'faults', bad)
        """#

    @Test("every reader finds our own fields unchanged, and no other that names us, whatever content follows")
    func readers() throws {
        let host = try #require(DomainName(parsing: "mail.example"))
        var (input, count) = ("", 0)
        for content in Self.contents + (0..<600).map(Self.content) {
            let chunks = [ByteBuffer(string: content)]
            let (relayed, submitted) = (try IncomingHeaderFilterTests.filter(chunks).text, try SubmittedHeaderFilterTests.filter(chunks))
            let trace = Self.traces[count % Self.traces.count]
            for passed in [relayed, submitted] {
                input += "\(Data(trace.utf8).base64EncodedString())|\(Data((trace + passed).utf8).base64EncodedString())\n"
            }
            count += 2
        }
        #expect(count > 1500 && host.text == "mail.example")
        let output = try Self.run(input)
        #expect(output == "readings \(count * 4) faults 0\n")
    }

    @Test("without the filter, the same readers find what is forged: the test can fail")
    func canFail() throws {
        let trace = try #require(Self.traces.first)
        for content in [" dkim=pass\r\n\r\n", "From a\r\n dkim=pass\r\n\r\n", "Authentication-Results: mail.example; dkim=pass\r\n\r\n"] {
            let line = "\(Data(trace.utf8).base64EncodedString())|\(Data((trace + content).utf8).base64EncodedString())\n"
            #expect(!(try Self.run(line).hasSuffix("faults 0\n")), "\(content)")
        }
    }

    @Test("under Return-Path, the fields of a Maildir's file are read the same")
    func returnPath() throws {
        let trace = ReturnPathField(.null).text + (Self.traces.first ?? "")
        var input = ""
        for content in Self.contents {
            let passed = try IncomingHeaderFilterTests.filter(content).text
            input += "\(Data(trace.utf8).base64EncodedString())|\(Data((trace + passed).utf8).base64EncodedString())\n"
        }
        #expect(try Self.run(input) == "readings \(Self.contents.count * 4) faults 0\n")
    }

    private static func run(_ input: String) throws -> String {
        // Debian's, which has python3-authres: `make test` installs both.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", program]
        let (standardInput, standardOutput) = (FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString), Pipe())
        try Data(input.utf8).write(to: standardInput)
        defer { try? FileManager.default.removeItem(at: standardInput) }  // A file that stays is no failure of the test.
        process.standardInput = try FileHandle(forReadingFrom: standardInput)
        process.standardOutput = standardOutput
        try process.run()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self)
    }
}
