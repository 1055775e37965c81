import MailVocabulary
import NIOCore

/// What the edge may ask of the core: to submit a message anonymously. It has no way to name an account (law 3).
///
/// One transaction: `begin`, one or more `recipient` (each answered, in order; several may be under way), then `content`
/// chunks and `commit`, or `abort`. After `committed`, or after `abort`, the connection is free for the next one.
public enum EdgeLink: LinkRole {
    public static let name = RoleName.edge
    public typealias Request = SubmitRequest
    public typealias Response = SubmitResponse
}

/// What the front end knows of a session when a transaction begins.
public struct SessionFacts: Hashable, Sendable {
    /// The name of the virtual server in the configuration.
    public let virtualServer: String
    public let clientAddress: IPAddress
    /// The host name that reverse DNS confirmed, if it did (S15).
    public let confirmedHostName: DomainName?
    /// The argument of HELO or EHLO as the client gave it.
    public let helo: String?

    public init(virtualServer: String, clientAddress: IPAddress, confirmedHostName: DomainName? = nil, helo: String? = nil) {
        (self.virtualServer, self.clientAddress) = (virtualServer, clientAddress)
        (self.confirmedHostName, self.helo) = (confirmedHostName, helo)
    }
}

public enum SubmitRequest: Hashable, Sendable {
    /// `MAIL` was accepted: the facts of the session and the sender.
    case begin(SessionFacts, EnvelopeSender)
    case recipient(EnvelopeRecipient)
    /// At most `Frame.maximumContent` octets, the trace fields first.
    case content(ByteBuffer)
    /// The end of the content: its length in octets (trace fields included), and whether any octet is above 127.
    case commit(octets: UInt64, has8BitOctets: Bool)
    case abort
    /// Between transactions, and without an answer.
    case refused(SessionRefusal)
    /// On the standing connection, and without an answer.
    case report(DaemonReport)
}

public enum SubmitResponse: Hashable, Sendable {
    /// Answers `begin`: the id that the message will have; it goes into the trace field.
    case began(QueueID)
    /// Answers a `recipient`; a positive reply means it is part of the transaction.
    case recipient(Reply)
    /// Answers `commit`. A positive reply means that the message is on stable storage (law 1).
    case committed(Reply)
    /// Nobody can log in with these at present. Said only where it was asked for (`SubmissionLink.Request.watchMechanisms`).
    case mechanismsOff(Set<SASLMechanism>)
}

extension SubmitRequest: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> SubmitRequest {
        switch kind {
        case 1: .begin(try reader.sessionFacts(), try reader.envelopeSender())
        case 2: .recipient(try reader.envelopeRecipient())
        case 3: .content(try reader.contentChunk())
        case 4: .commit(octets: try reader.integer(), has8BitOctets: try reader.bool())
        case 5: .abort
        case 6: .refused(try reader.sessionRefusal())
        case 7: .report(try reader.daemonReport())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .begin(let facts, let sender):
            Frame.append(kind: 1, to: &buffer) {
                $0.write(facts)
                $0.write(sender)
            }
        case .recipient(let recipient): Frame.append(kind: 2, to: &buffer) { $0.write(recipient) }
        case .content(let chunk): Frame.append(kind: 3, to: &buffer) { $0.buffer.writeImmutableBuffer(chunk) }
        case .commit(let octets, let has8BitOctets):
            Frame.append(kind: 4, to: &buffer) {
                $0.write(octets)
                $0.write(has8BitOctets)
            }
        case .abort: Frame.append(kind: 5, to: &buffer) { _ in }
        case .refused(let refusal): Frame.append(kind: 6, to: &buffer) { $0.write(refusal) }
        case .report(let report): Frame.append(kind: 7, to: &buffer) { $0.write(report) }
        }
    }
}

extension SubmitResponse: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> SubmitResponse {
        switch kind {
        case 1: .began(try reader.queueID())
        case 2: .recipient(try reader.reply())
        case 3: .committed(try reader.reply())
        case 16: .mechanismsOff(try reader.mechanisms())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .began(let id): Frame.append(kind: 1, to: &buffer) { $0.write(id) }
        case .recipient(let reply): Frame.append(kind: 2, to: &buffer) { $0.write(reply) }
        case .committed(let reply): Frame.append(kind: 3, to: &buffer) { $0.write(reply) }
        case .mechanismsOff(let mechanisms):
            Frame.append(kind: 16, to: &buffer) { $0.write(array: mechanisms.map(\.rawValue).sorted()) { $0.write($1) } }
        }
    }
}

extension WireWriter {
    mutating func write(_ facts: SessionFacts) {
        write(facts.virtualServer)
        write(facts.clientAddress)
        write(optional: facts.confirmedHostName) { $0.write($1.text) }
        write(optional: facts.helo) { $0.write($1) }
    }
}

extension WireReader {
    mutating func sessionFacts() throws(WireError) -> SessionFacts {
        SessionFacts(
            virtualServer: try text(), clientAddress: try ipAddress(),
            confirmedHostName: try optional { reader throws(WireError) in try reader.domainName() },
            helo: try optional { reader throws(WireError) in try reader.text() })
    }

    mutating func contentChunk() throws(WireError) -> ByteBuffer {
        let chunk = rest()
        guard chunk.readableBytes <= Frame.maximumContent else { throw .invalid("content chunk") }
        return chunk
    }
}
