import MailVocabulary
import NIOCore

/// `Received: from HELO (NAME [ADDRESS]) by HOST (Postern) with ESMTP id ID for <RECIPIENT>; DATE` (RFC 5321 §4.4).
///
/// Over TLS a comment behind the protocol names version and strength. The cipher is in the clause `tls` (RFC 8314 §4.3):
/// `with ESMTPS (version=TLSv1.3 bits=256) id ID for <RECIPIENT> tls C; DATE`. One that has no name from IANA is in the comment instead.
///
/// A comment says whether reverse DNS matched the name that the client gave (S15).
public struct ReceivedField: TraceField, Hashable {
    /// The argument of HELO or EHLO as the client gave it; nil where it gave none.
    public var helo: String?
    /// nil where the configuration hides it (`client_address: hidden`); then an address in HELO is hidden as well.
    public var clientAddress: IPAddress?
    public var reverseLookup: ReverseLookup
    /// Our own name (E12).
    public var host: DomainName
    public var transmission: TransmissionProtocol
    /// The TLS that protected the session; nil where there was none.
    public var secureChannel: SecureChannel?
    public var queueID: QueueID
    /// Only where the message has exactly one: others must not learn of each other (RFC 5321 §7.2).
    public var recipient: EmailAddress?
    public var date: Timestamp
    /// Minutes east of UTC.
    public var zoneOffset: Int

    public init(
        helo: String?, clientAddress: IPAddress?, reverseLookup: ReverseLookup, host: DomainName, transmission: TransmissionProtocol,
        queueID: QueueID, recipient: EmailAddress? = nil, date: Timestamp, zoneOffset: Int = 0, secureChannel: SecureChannel? = nil
    ) {
        (self.helo, self.clientAddress, self.reverseLookup, self.host) = (helo, clientAddress, reverseLookup, host)
        (self.transmission, self.queueID, self.recipient) = (transmission, queueID, recipient)
        (self.date, self.zoneOffset, self.secureChannel) = (date, zoneOffset, secureChannel)
    }

    public func write(into buffer: inout ByteBuffer) {
        var field = FieldWriter(appendingTo: &buffer, name: "Received")
        writeSource(into: &field)
        field.words("by", host.text, "(Postern)", "with", transmission.keyword)
        if let secureChannel {
            field.word("(version=\(secureChannel.version)")
            if secureChannel.registeredCipher == nil { field.word("cipher=\(secureChannel.cipher)") }
            field.word("bits=\(secureChannel.bits))")
        }
        var clauses = ["id", "\(queueID)"]
        if let recipient, transmission.isUTF8 || !recipient.needsSMTPUTF8 { clauses += ["for", "<\(recipient)>"] }
        if let cipher = secureChannel?.registeredCipher { clauses += ["tls", cipher] }
        for clause in clauses.dropLast() { field.word(clause) }
        field.word("\(clauses[clauses.count - 1]);")
        field.word(date.mailDate(zoneOffset: zoneOffset))
        buffer = field.end()
    }

    private func writeSource(into field: inout FieldWriter) {
        let argument = HELOArgument(helo)
        guard let clientAddress else {
            let isAddress = argument.domain?.hasPrefix("[") ?? false
            field.words("from", isAddress ? "unknown" : argument.domain ?? "unknown", "(client address hidden)")
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

extension SecureChannel {
    /// The cipher where its name is IANA's, which alone the clause `tls` takes; other names are OpenSSL's own.
    fileprivate var registeredCipher: String? { cipher.hasPrefix("TLS_") ? cipher : nil }
}
