import MailVocabulary
import NIOCore

/// `Received: from HELO (NAME [ADDRESS]) by HOST (Postern) with ESMTP id ID for <RECIPIENT>; DATE` (RFC 5321 §4.4).
///
/// A comment says whether reverse DNS matched the name that the client gave (S15).
public struct ReceivedField: TraceField, Hashable {
    /// The argument of HELO or EHLO as the client gave it; nil where it gave none.
    public var helo: String?
    /// nil where the configuration hides it (`client_address: hidden`).
    public var clientAddress: IPAddress?
    public var reverseLookup: ReverseLookup
    /// Our own name (E12).
    public var host: DomainName
    public var transmission: TransmissionProtocol
    public var queueID: QueueID
    /// Only where the message has exactly one: others must not learn of each other (RFC 5321 §7.2).
    public var recipient: EmailAddress?
    public var date: Timestamp
    /// Minutes east of UTC.
    public var zoneOffset: Int

    public init(
        helo: String?, clientAddress: IPAddress?, reverseLookup: ReverseLookup, host: DomainName, transmission: TransmissionProtocol,
        queueID: QueueID, recipient: EmailAddress? = nil, date: Timestamp, zoneOffset: Int = 0
    ) {
        (self.helo, self.clientAddress, self.reverseLookup, self.host) = (helo, clientAddress, reverseLookup, host)
        (self.transmission, self.queueID, self.recipient) = (transmission, queueID, recipient)
        (self.date, self.zoneOffset) = (date, zoneOffset)
    }

    public func write(into buffer: inout ByteBuffer) {
        var field = FieldWriter(appendingTo: buffer, name: "Received")
        // Without this, two owners of the storage would make the first write copy it.
        buffer = ByteBuffer()
        writeSource(into: &field)
        field.words("by", host.text, "(Postern)", "with", transmission.keyword, "id")
        if let recipient, transmission.isUTF8 || !recipient.needsSMTPUTF8 {
            field.words("\(queueID)", "for", "<\(recipient)>;")
        } else {
            field.word("\(queueID);")
        }
        field.word(date.mailDate(zoneOffset: zoneOffset))
        buffer = field.end()
    }

    private func writeSource(into field: inout FieldWriter) {
        let argument = HELOArgument(helo)
        guard let clientAddress else {
            field.words("from", argument.domain ?? "unknown", "(client address hidden)")
            return
        }
        field.words("from", argument.domain ?? clientAddress.literal)
        switch reverseLookup {
        case .notAsked: field.word("(\(clientAddress.literal))")
        case .confirmed(let name): field.word("(\(name) \(clientAddress.literal))")
        case .unconfirmed, .noName, .temporaryError: field.word("(unknown \(clientAddress.literal))")
        }
        if let explanation = reverseLookup.explanation(helo: argument) { field.word("(\(explanation))") }
        if let remark = argument.remark {
            field.words("(HELO", "\(remark))")
        } else if argument.domain == nil {
            field.word("(no HELO)")
        }
    }
}
