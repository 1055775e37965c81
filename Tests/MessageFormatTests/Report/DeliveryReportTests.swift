import MailVocabulary
import NIOCore
import Testing

@testable import MessageFormat

@Suite("Non-delivery reports")
struct DeliveryReportTests {
    static func address(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(parsing: text) else { preconditionFailure("\(text) is an address") }
        return address
    }

    static func report(
        _ recipients: [FailedRecipient], sender: String = "alice@home.example", isUTF8: Bool = false,
        original: String = "From: alice@home.example\r\nSubject: Lunch\r\n\r\nSecret body\r\n"
    ) -> DeliveryReport {
        DeliveryReport(
            host: TraceFieldTests.host, queueID: QueueID(value: 1_764_000_000_000_000),
            sender: address(isUTF8 ? "zoë@home.example" : sender),
            envelopeID: "QQ+2B314159", postmaster: address("postmaster@home.example"), arrival: Timestamp(seconds: 1_795_489_620),
            date: Timestamp(seconds: 1_795_489_999),
            recipients: recipients,
            original: ByteBuffer(string: original))
    }

    static let unknownUser = FailedRecipient(
        finalRecipient: address("bob@far.example"), originalRecipient: "rfc822;Bob+2BLunch@far.example",
        reply: Reply(550, "5.1.1", "No such user here"), remoteHost: "mx1.far.example", lastAttempt: Timestamp(seconds: 1_795_489_900))

    /// Checks what holds for every report, and returns its lines.
    static func lines(of message: DeliveryReport.Message) -> [String] {
        let text = String(buffer: message.content)
        #expect(text.utf8.reversed().starts(with: "\n\r".utf8))
        var previous: UInt8 = 0
        for octet in text.utf8 {
            if octet == UInt8(ascii: "\n") { #expect(previous == UInt8(ascii: "\r")) }
            if previous == UInt8(ascii: "\r") { #expect(octet == UInt8(ascii: "\n")) }
            #expect(octet >= 0x20 || [0x09, 0x0A, 0x0D].contains(octet))
            previous = octet
        }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.allSatisfy { $0.utf8.count <= 998 })
        #expect(message.content.contains8BitOctets == (message.body == .eightBitMIME))
        return lines
    }

    @Test("a report on one unknown user, in full")
    func inFull() {
        let message = Self.report([Self.unknownUser]).message()
        let id = QueueID(value: 1_764_000_000_000_000)
        let text = Self.lines(of: message).joined(separator: "\n")
        #expect(
            text == """
                From: Mail Delivery System <postmaster@home.example>
                To: <alice@home.example>
                Subject: Your message could not be delivered
                Date: Tue, 24 Nov 2026 03:13:19 +0000
                Message-ID: <report.\(id).hog4pv85og@mail.example>
                Auto-Submitted: auto-replied
                MIME-Version: 1.0
                Content-Type: multipart/report; report-type=delivery-status;
                \tboundary="=_postern_\(id)_hog4pv85og"

                This is a report in several parts, the first of them for people.

                --=_postern_\(id)_hog4pv85og
                Content-Type: text/plain; charset=us-ascii
                Content-Transfer-Encoding: 7bit

                This is the mail system at mail.example.

                Your message could not be delivered to this recipient:

                <bob@far.example>
                    The host mx1.far.example said:
                    550 5.1.1 No such user here

                The id of your message in this mail system was \(id).

                Nothing more will be tried. If you need help, send this report to <postmaster@home.example>.

                --=_postern_\(id)_hog4pv85og
                Content-Type: message/delivery-status
                Content-Transfer-Encoding: 7bit

                Original-Envelope-Id: QQ+314159
                Reporting-MTA: dns; mail.example
                Arrival-Date: Tue, 24 Nov 2026 03:07:00 +0000

                Original-Recipient: rfc822; Bob+Lunch@far.example
                Final-Recipient: rfc822; bob@far.example
                Action: failed
                Status: 5.1.1
                Remote-MTA: dns; mx1.far.example
                Diagnostic-Code: smtp; 550 5.1.1 No such user here
                Last-Attempt-Date: Tue, 24 Nov 2026 03:11:40 +0000
                Final-Log-ID: \(id)

                --=_postern_\(id)_hog4pv85og
                Content-Type: text/rfc822-headers
                Content-Transfer-Encoding: 7bit

                From: alice@home.example
                Subject: Lunch

                --=_postern_\(id)_hog4pv85og--

                """)
        #expect(message.body == .sevenBit && !message.smtpUTF8)
    }

    @Test(
        "the Status field is the remote's, or what its code says",
        arguments: [
            (Reply(550, "5.7.1", "x"), false, "5.7.1"), (Reply(550, nil, "x"), false, "5.0.0"), (Reply(451, nil, "x"), false, "4.0.0"),
            (Reply(451, nil, "x"), true, "4.4.7"), (Reply(452, "4.2.2", "x"), true, "4.2.2"), (Reply(550, "2.0.0", "x"), false, "5.0.0"),
        ] as [(Reply, Bool, String)])
    func status(reply: Reply, expired: Bool, expected: String) {
        var recipient = Self.unknownUser
        (recipient.reply, recipient.isExpired) = (reply, expired)
        #expect(Self.lines(of: Self.report([recipient]).message()).contains("Status: \(expected)"))
    }

    @Test("what our own system said has no Remote-MTA; an alias names both addresses; expiry is said")
    func ownWords() {
        let recipient = FailedRecipient(
            finalRecipient: Self.address("bob@far.example"), writtenTo: Self.address("sales@home.example"),
            reply: Reply(451, "4.4.1", "No answer from any host"), isExpired: true)
        let lines = Self.lines(of: Self.report([recipient]).message())
        #expect(lines.contains("    You wrote to <sales@home.example>."))
        #expect(lines.contains("    It could not be delivered in time. In the end, this system said:"))
        #expect(lines.contains("Original-Recipient: rfc822; sales@home.example"))
        #expect(lines.contains("Diagnostic-Code: x-postern; 451 4.4.1 No answer from any host"))
        #expect(!lines.contains { $0.hasPrefix("Remote-MTA") || $0.hasPrefix("Last-Attempt-Date") })
    }

    @Test("hostile replies, host names and parameters stay in their fields")
    func hostileText() throws {
        let recipient = FailedRecipient(
            finalRecipient: Self.address("bob@far.example"), originalRecipient: "rfc822;a+0D+0ABcc:+20evil@example.com",
            reply: Reply(
                550, nil,
                lines: ["x\r\nBcc: evil@example.com\r\n\r\n--=_postern_", "\u{0}\u{202E}\u{85}ü", String(repeating: "y", count: 5000)]),
            remoteHost: "mx\r\nAction: delivered")
        for smtpUTF8 in [false, true] {
            var report = Self.report([recipient], isUTF8: smtpUTF8)
            report.envelopeID = "+0D+0AX-Evil:+20yes"
            let lines = Self.lines(of: report.message())
            #expect(!lines.contains { $0.hasPrefix("Bcc") || $0.hasPrefix("X-Evil") || $0 == "Action: delivered" })
            #expect(lines.filter { $0.hasPrefix("--") }.count == 4)
            #expect(!lines.contains { $0.contains("\u{202E}") || $0.contains("\u{85}") })
        }
    }

    @Test("the original's header cannot end its part, is cut at the bound, and its body is not returned")
    func originalHeader() {
        let boundary = "=_postern_\(QueueID(value: 1_764_000_000_000_000))_hog4pv85og"
        let lines = Self.lines(of: Self.report([Self.unknownUser], original: "X: y\r\n--\(boundary)--\r\n\r\nSecret\r\n").message())
        #expect(lines.filter { $0.hasPrefix("--\(boundary)x") }.count == 4)
        #expect(!lines.contains("Secret"))
        let endless = String(repeating: "X: \(String(repeating: "y", count: 95))\r\n", count: 2000)
        let message = Self.report([Self.unknownUser], original: endless).message()
        #expect(message.content.readableBytes < DeliveryReport.maximumHeaderOctets + 4096)
        #expect(Self.lines(of: message).filter { $0.hasPrefix("X: y") }.allSatisfy { $0.utf8.count == 98 })
        for original in ["", "\r\n", "\r\nbody\r\n", "no line end"] {
            _ = Self.lines(of: Self.report([Self.unknownUser], original: original).message())
        }
    }

    @Test("a header that is not fit to be sent is quoted-printable")
    func brokenHeader() {
        let long = String(repeating: "z", count: 2000)
        for original in ["X: \(long)\r\n\r\n", "Subject: grün \r\n\r\n", "X: a\u{0}b\r\n\r\n", "X: a\nY: b\r\n\r\n"] {
            let message = Self.report([Self.unknownUser], original: original).message()
            let lines = Self.lines(of: message)
            #expect(lines.contains("Content-Transfer-Encoding: quoted-printable"), "\(original.debugDescription)")
            #expect(message.body == .sevenBit)
        }
        #expect(QuotedPrintable.encode(ByteBuffer(string: "ü =\t\r\nx")) == ByteBuffer(string: "=C3=BC =3D=09\r\nx"))
    }

    @Test("UTF-8 addresses: global-delivery-status for those who can read it, utf-8-addr-xtext for the others")
    func utf8Addresses() {
        let recipient = FailedRecipient(
            finalRecipient: Self.address("jürgen@far.example"), originalRecipient: "utf-8;j\\x{FC}rgen@far.example",
            reply: Reply(550, "5.1.1", "Unbekannt: jürgen"), remoteHost: "mx.far.example")
        let modern = Self.report([recipient], isUTF8: true, original: "Subject: grün\r\n\r\n").message()
        let modernLines = Self.lines(of: modern)
        #expect(modern.smtpUTF8 && modern.body == .eightBitMIME)
        #expect(modernLines.contains("Content-Type: message/global-delivery-status"))
        #expect(modernLines.contains("Content-Type: message/global-headers"))
        #expect(modernLines.contains("Final-Recipient: utf-8; jürgen@far.example"))
        #expect(modernLines.contains("Diagnostic-Code: smtp; 550 5.1.1 Unbekannt: jürgen"))
        let old = Self.report([recipient]).message()
        let oldLines = Self.lines(of: old)
        #expect(!old.smtpUTF8 && old.body == .sevenBit)
        #expect(oldLines.contains("Final-Recipient: utf-8; j\\x{FC}rgen@far.example"))
        #expect(oldLines.contains("Original-Recipient: utf-8; j\\x{FC}rgen@far.example"))
        #expect(oldLines.contains("Diagnostic-Code: smtp; 550 5.1.1 Unbekannt: j?rgen"))
        #expect(Self.report([Self.unknownUser], sender: "zoë@home.example").message().smtpUTF8)
        // Whose address is ASCII gets ASCII, whatever the original and its recipients speak: the way back may have no SMTPUTF8.
        #expect(!Self.report([recipient], original: "Subject: grün\r\n\r\n").message().smtpUTF8)
    }

    @Test("1,000 failed recipients: the words name some, the status part all")
    func manyRecipients() {
        let recipients = (0..<1000).map { number in
            FailedRecipient(finalRecipient: Self.address("r\(number)@far.example"), reply: Reply(550, "5.1.1", "no"))
        }
        let lines = Self.lines(of: Self.report(recipients).message())
        #expect(lines.filter { $0.hasPrefix("Final-Recipient: ") }.count == 1000)
        #expect(lines.filter { $0.hasPrefix("<r") }.count == DeliveryReport.maximumRecipientsInWords)
        #expect(lines.contains("and 950 more, listed in the next part of this report."))
    }

    @Test(
        "Remote-MTA is a host name or an address literal, and nothing else",
        arguments: [
            ("mx1.far.example", "dns; mx1.far.example"), ("mx_1.far.example", "dns; mx_1.far.example"),
            ("[127.0.0.22]", "dns; [127.0.0.22]"),
            ("[IPv6:2001:db8::1]", "dns; [IPv6:2001:db8::1]"), ("mx1.far.example (192.0.2.7:25)", nil), ("[192.0.2.7]:25", nil),
            ("/run/lmtp.sock", nil), ("", nil),
        ] as [(String, String?)])
    func remoteMTA(host: String, expected: String?) {
        var recipient = Self.unknownUser
        recipient.remoteHost = host
        let lines = Self.lines(of: Self.report([recipient]).message())
        #expect(lines.first { $0.hasPrefix("Remote-MTA: ") } == expected.map { "Remote-MTA: \($0)" })
        #expect(lines.contains("Diagnostic-Code: smtp; 550 5.1.1 No such user here"))
        #expect(lines.contains("    \(expected.map { "The host \($0.dropFirst(5))" } ?? "Another host") said:"))
    }

    @Test("a reply of several lines is kept: line by line for people, as one text for programs")
    func severalLines() {
        var recipient = Self.unknownUser
        recipient.reply = Reply(550, EnhancedStatusCode(5, 7, 1), lines: ["Refused.", "See https://far.example/why", "for the reason."])
        let lines = Self.lines(of: Self.report([recipient]).message())
        let begin = lines.firstIndex(of: "    550 5.7.1 Refused.") ?? 0
        #expect(
            lines[begin..<(begin + 3)] == [
                "    550 5.7.1 Refused.", "    550 5.7.1 See https://far.example/why", "    550 5.7.1 for the reason.",
            ])
        #expect(
            lines.joined(separator: "\n").replacing("\n ", with: " ").replacing("\n\t", with: " ")
                .contains("Diagnostic-Code: smtp; 550 5.7.1 Refused. See https://far.example/why for the reason."))
    }

    @Test(
        "ORCPT comes out decoded, whatever was needed to say it",
        arguments: [
            ("rfc822;a+2Bb+3Dc@x.example", false, "rfc822; a+b=c@x.example"), ("RFC822;plain@x.example", false, "rfc822; plain@x.example"),
            ("utf-8;j\\x{FC}rgen@x.example", true, "utf-8; jürgen@x.example"),
            ("utf-8;jürgen@x.example", false, "utf-8; j\\x{FC}rgen@x.example"),
            ("x400;c=de", false, "x400; c=de"),
        ])
    func originalRecipient(parameter: String, isUTF8: Bool, expected: String) {
        var recipient = Self.unknownUser
        recipient.originalRecipient = parameter
        let report = Self.report([recipient], isUTF8: isUTF8, original: isUTF8 ? "Subject: grün\r\n\r\n" : "Subject: x\r\n\r\n")
        #expect(Self.lines(of: report.message()).contains("Original-Recipient: \(expected)"))
    }
}
