import MailVocabulary
import NIOCore

/// A non-delivery report (RFC 3464, RFC 6522, RFC 6533): what failed in words, the same for programs, and the original's header.
///
/// It goes to the reverse-path of the original with the null reverse-path of its own; there is none for a null reverse-path.
/// Everything that strangers said (replies, host names, the original's header) is bounded and cannot begin a field or a part.
public struct DeliveryReport: Sendable {
    /// How much of the original's header is returned, in octets; it is cut at a line end.
    public static let maximumHeaderOctets = 32 * 1024
    /// How many recipients the part for people names; the part for programs names all.
    public static let maximumRecipientsInWords = 50

    /// Our own name.
    public var host: DomainName
    /// The id of the original.
    public var queueID: QueueID
    /// The reverse-path of the original: who gets the report.
    public var sender: EmailAddress
    /// `ENVID=` of the original as received, xtext.
    public var envelopeID: String?
    /// Who helps, in ASCII: the report is from this address (RFC 3464 §2). nil: no postmaster of ours exists.
    public var postmaster: EmailAddress?
    public var arrival: Timestamp
    /// When the report is made.
    public var date: Timestamp
    /// One or more.
    public var recipients: [FailedRecipient]
    /// The original's content, or as much of its beginning as is at hand.
    public var original: ByteBuffer

    public init(
        host: DomainName, queueID: QueueID, sender: EmailAddress, envelopeID: String? = nil, postmaster: EmailAddress?, arrival: Timestamp,
        date: Timestamp, recipients: [FailedRecipient], original: ByteBuffer
    ) {
        (self.host, self.queueID, self.sender, self.envelopeID) = (host, queueID, sender, envelopeID)
        self.postmaster = postmaster
        (self.arrival, self.date, self.recipients, self.original) = (arrival, date, recipients, original)
    }

    /// A finished report, and what its envelope has to say.
    public struct Message: Hashable, Sendable {
        public let content: ByteBuffer
        public let body: BodyType
        public let smtpUTF8: Bool
    }

    /// Composes the report: CRLF line ends, no line over 998 octets.
    public func message() -> Message {
        let header = OriginalHeader(content: original, limit: Self.maximumHeaderOctets)
        // That the original came with SMTPUTF8 says nothing of the way back: what carries that of ASCII addresses may not have it, and the
        // report would be lost as well. ASCII can say everything (RFC 6533 §3); only an addressee who cannot be named in it needs more.
        let isUTF8 = sender.needsSMTPUTF8
        let returned = header.part(allowingUTF8: isUTF8)
        let text = ReportText(allowsUTF8: isUTF8)
        let boundary = boundary(absentFrom: returned.content)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(2048 + 1024 * recipients.count + returned.content.readableBytes)
        writeHeader(into: &buffer, boundary: boundary, isUTF8: isUTF8)
        buffer.writeString("This is a report in several parts, the first of them for people.\r\n")

        let transferEncoding = isUTF8 ? "8bit" : "7bit"
        buffer.writePart(boundary, type: "text/plain; charset=\(isUTF8 ? "utf-8" : "us-ascii")", encoding: transferEncoding)
        writeWords(into: &buffer, text)
        buffer.writePart(boundary, type: "message/\(isUTF8 ? "global-" : "")delivery-status", encoding: transferEncoding)
        writeStatus(into: &buffer, text)
        buffer.writePart(boundary, type: returned.type, encoding: returned.encoding)
        var content = returned.content
        buffer.writeBuffer(&content)
        buffer.writeString("\r\n--\(boundary)--\r\n")
        return Message(content: buffer, body: buffer.contains8BitOctets ? .eightBitMIME : .sevenBit, smtpUTF8: isUTF8)
    }

    /// A boundary that occurs nowhere in what strangers wrote. Our own lines never begin with a hyphen.
    private func boundary(absentFrom content: ByteBuffer) -> String {
        var boundary = "=_postern_\(queueID)_" + String(UInt64(bitPattern: date.microseconds), radix: 36)
        while content.contains(boundary) { boundary += "x" }
        return boundary
    }

    private func writeHeader(into buffer: inout ByteBuffer, boundary: String, isUTF8: Bool) {
        let kind = isUTF8 ? "global-delivery-status" : "delivery-status"
        buffer.writeString(
            """
            From: Mail Delivery System <\(postmaster.map { "\($0)" } ?? "MAILER-DAEMON@\(host)")>\r
            To: <\(sender)>\r
            Subject: Your message could not be delivered\r
            Date: \(date.mailDate())\r
            Message-ID: <report.\(queueID).\(String(UInt64(bitPattern: date.microseconds), radix: 36))@\(host)>\r
            Auto-Submitted: auto-replied\r
            MIME-Version: 1.0\r
            Content-Type: multipart/report; report-type=\(kind);\r
            \tboundary="\(boundary)"\r
            \(isUTF8 ? "Content-Transfer-Encoding: 8bit\r\n" : "")\r

            """)
    }

    // MARK: For people

    private func writeWords(into buffer: inout ByteBuffer, _ text: ReportText) {
        buffer.writeString("This is the mail system at \(host).\r\n\r\n")
        buffer.writeString(
            recipients.count == 1
                ? "Your message could not be delivered to this recipient:\r\n"
                : "Your message could not be delivered to these \(recipients.count) recipients:\r\n")
        for recipient in recipients.prefix(Self.maximumRecipientsInWords) {
            buffer.writeString("\r\n<\(text.plain(recipient.finalRecipient))>\r\n")
            if let writtenTo = recipient.writtenTo, writtenTo != recipient.finalRecipient {
                text.write("You wrote to <\(text.plain(writtenTo))>.", indentedInto: &buffer)
            }
            text.write(explanation(of: recipient), indentedInto: &buffer)
            for line in recipient.reply.lines.prefix(ReportText.maximumReplyLines) {
                let code = "\(recipient.reply.code) " + (recipient.reply.status.map { "\($0) " } ?? "")
                text.write(code + text.sanitised(line), indentedInto: &buffer)
            }
        }
        let unnamed = recipients.count - Self.maximumRecipientsInWords
        if unnamed > 0 { buffer.writeString("\r\nand \(unnamed) more, listed in the next part of this report.\r\n") }
        buffer.writeString("\r\nThe id of your message in this mail system was \(queueID).\r\n")
        let help = postmaster.map { " If you need help, send this report to <\($0)>." } ?? ""
        buffer.writeString("\r\nNothing more will be tried.\(help)\r\n")
    }

    private func explanation(of recipient: FailedRecipient) -> String {
        let speaker =
            recipient.remoteHost == nil ? "this system" : ReportText.host(recipient.remoteHost).map { "the host \($0)" } ?? "another host"
        return recipient.isExpired
            ? "It could not be delivered in time. In the end, \(speaker) said:"
            : "\(speaker.prefix(1).uppercased())\(speaker.dropFirst()) said:"
    }

    // MARK: For programs

    private func writeStatus(into buffer: inout ByteBuffer, _ text: ReportText) {
        if let envelopeID, let decoded = Xtext.decode(envelopeID) {
            text.writeField("Original-Envelope-Id", text.sanitised(decoded), into: &buffer)
        }
        text.writeField("Reporting-MTA", "dns; \(host)", into: &buffer)
        text.writeField("Arrival-Date", arrival.mailDate(), into: &buffer)
        for recipient in recipients {
            buffer.writeStaticString("\r\n")
            if let original = text.originalRecipient(of: recipient) { text.writeField("Original-Recipient", original, into: &buffer) }
            text.writeField("Final-Recipient", text.typed(recipient.finalRecipient), into: &buffer)
            text.writeField("Action", "failed", into: &buffer)
            text.writeField("Status", "\(recipient.status)", into: &buffer)
            let diagnostic = text.sanitised(recipient.reply.lines.prefix(ReportText.maximumReplyLines).joined(separator: " "))
            let code = "\(recipient.reply.code) " + (recipient.reply.status.map { "\($0) " } ?? "")
            if let host = ReportText.host(recipient.remoteHost) { text.writeField("Remote-MTA", "dns; \(host)", into: &buffer) }
            // Only what another host has said is a diagnostic of SMTP (RFC 3464 §2.3.6).
            let type = recipient.remoteHost == nil ? "x-postern" : "smtp"
            text.writeField("Diagnostic-Code", "\(type); \(code)\(diagnostic)", into: &buffer)
            if let lastAttempt = recipient.lastAttempt {
                text.writeField("Last-Attempt-Date", lastAttempt.mailDate(), into: &buffer)
            }
            // What the log calls the original (RFC 3464 §2.3.7).
            text.writeField("Final-Log-ID", "\(queueID)", into: &buffer)
        }
    }
}

extension ByteBuffer {
    /// Begins a part; the CRLF before the boundary belongs to it (RFC 2046 §5.1.1).
    fileprivate mutating func writePart(_ boundary: String, type: String, encoding: String) {
        writeString("\r\n--\(boundary)\r\nContent-Type: \(type)\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n")
    }

    fileprivate func contains(_ text: String) -> Bool {
        let pattern = Array(text.utf8)
        return withUnsafeReadableBytes { octets in
            guard octets.count >= pattern.count else { return false }
            return (0...(octets.count - pattern.count)).contains { start in
                octets[start] == pattern[0] && octets[start..<(start + pattern.count)].elementsEqual(pattern)
            }
        }
    }
}
