import MailVocabulary
import NIOCore

// How the words of mail lie in a frame. Reading validates as the types do: nothing invalid gets past this file.

extension WireWriter {
    mutating func write(_ address: EmailAddress) {
        write(address.localPart)
        switch address.domain {
        case .name(let name):
            write(UInt8(0))
            write(name.text)
        case .literal(let address):
            write(UInt8(1))
            write(address)
        }
    }

    mutating func write(_ address: IPAddress) {
        let octets = address.octets
        write(UInt8(octets.count))
        for octet in octets { write(octet) }
    }

    mutating func write(_ path: ReversePath) { write(optional: path.address) { $0.write($1) } }
    mutating func write(_ id: QueueID) { write(id.value) }
    mutating func write(_ time: Timestamp) { write(time.microseconds) }

    mutating func write(_ reply: Reply) {
        write(reply.code)
        write(optional: reply.status) { writer, status in
            writer.write(status.classDigit)
            writer.write(status.subject)
            writer.write(status.detail)
        }
        write(array: reply.lines) { $0.write(line: $1) }
    }

    mutating func write(_ sender: EnvelopeSender) {
        write(sender.reversePath)
        write(optional: sender.declaredSize) { $0.write(Int64($1)) }
        write(sender.body.rawValue)
        write(sender.smtpUTF8)
        write(sender.returnContent?.rawValue ?? 0)
        write(optional: sender.envelopeID) { $0.write($1) }
    }

    mutating func write(_ recipient: EnvelopeRecipient) {
        write(recipient.address)
        write(recipient.notify?.rawValue ?? 0)
        write(optional: recipient.originalRecipient) { $0.write($1) }
    }
}

extension WireReader {
    mutating func emailAddress() throws(WireError) -> EmailAddress {
        let localPart = try text()
        let domain: MailDomain
        switch try integer(UInt8.self) {
        case 0: domain = .name(try domainName())
        case 1: domain = .literal(try ipAddress())
        default: throw .invalid("MailDomain")
        }
        // Front ends refuse more; what the queue already holds comes by here as well.
        guard let address = EmailAddress(recordedLocalPart: localPart, domain: domain) else { throw .invalid("EmailAddress") }
        return address
    }

    mutating func domainName() throws(WireError) -> DomainName {
        guard let name = DomainName(inAddress: try text()) else { throw .invalid("DomainName") }
        return name
    }

    mutating func ipAddress() throws(WireError) -> IPAddress {
        let count = Int(try integer(UInt8.self))
        guard count == 4 || count == 16 else { throw .invalid("IPAddress") }
        var octets: [UInt8] = []
        for _ in 0..<count { octets.append(try integer()) }
        // An IPv4-mapped address is an IPv4 address, and is written as one.
        guard let address = IPAddress(octets: octets), (address.family == .ipv4) == (count == 4) else { throw .invalid("IPAddress") }
        return address
    }

    mutating func reversePath() throws(WireError) -> ReversePath {
        let address = try optional { reader throws(WireError) in try reader.emailAddress() }
        return address.map(ReversePath.address) ?? .null
    }

    mutating func queueID() throws(WireError) -> QueueID {
        let value = try integer(Int64.self)
        guard (0..<(1 << 55)).contains(value) else { throw .invalid("QueueID") }
        return QueueID(value: value)
    }

    mutating func timestamp() throws(WireError) -> Timestamp { Timestamp(microseconds: try integer()) }

    /// - Parameter maximumLines: 100 is the most that is taken from a remote server.
    mutating func reply(maximumLines: Int = .max) throws(WireError) -> Reply {
        let code = try integer(UInt16.self)
        let status = try optional { reader throws(WireError) in
            let (classDigit, subject, detail) = (
                try reader.integer(UInt8.self), try reader.integer(UInt16.self), try reader.integer(UInt16.self)
            )
            guard [2, 4, 5].contains(classDigit), subject <= 999, detail <= 999 else { throw WireError.invalid("EnhancedStatusCode") }
            return EnhancedStatusCode(classDigit, subject, detail)
        }
        let lines = try array(maximum: maximumLines) { reader throws(WireError) in try reader.line() }
        guard (200...599).contains(code), !lines.isEmpty else { throw .invalid("Reply") }
        return Reply(code, status, lines: lines)
    }

    mutating func envelopeSender() throws(WireError) -> EnvelopeSender {
        let path = try reversePath()
        let size = try optional { reader throws(WireError) in try reader.integer(Int64.self) }
        guard size.map({ $0 >= 0 }) ?? true, let body = BodyType(rawValue: try integer()) else { throw .invalid("EnvelopeSender") }
        let smtpUTF8 = try bool()
        let returnValue = try integer(UInt8.self)
        let returnContent = ReturnContent(rawValue: returnValue)
        guard returnValue == 0 || returnContent != nil else { throw .invalid("ReturnContent") }
        let envelopeID = try optional { reader throws(WireError) in try reader.line(maximum: Self.longestEnvelopeID) }
        return EnvelopeSender(
            reversePath: path, declaredSize: size.map(Int.init), body: body, smtpUTF8: smtpUTF8, returnContent: returnContent,
            envelopeID: envelopeID)
    }

    mutating func envelopeRecipient() throws(WireError) -> EnvelopeRecipient {
        let address = try emailAddress()
        let notify = try integer(UInt8.self)
        guard notify <= 8 else { throw .invalid("Notify") }
        return EnvelopeRecipient(
            address: address, notify: notify == 0 ? nil : Notify(rawValue: notify),
            originalRecipient: try optional { reader throws(WireError) in try reader.line(maximum: Self.longestOriginalRecipient) })
    }

    /// RFC 3461 §4.4.
    private static let longestEnvelopeID = 100
    /// RFC 3461 §4.2 has 500; what an alias makes of the longest address, each octet written as three, has more.
    private static let longestOriginalRecipient = 1200
}
