import MailVocabulary
import NIOCore

/// What delivery may ask of the core: work for the next hops of its connectors. (Submitting pulled mail, for `pull.domains` only,
/// joins these requests with the issue on ETRN.)
public enum DeliveryLink: LinkRole {
    public static let name = RoleName.delivery
    public typealias Request = LeaseRequest
    public typealias Response = LeaseResponse
}

/// What mailbox may ask of the core: work for mailbox connectors.
public enum MailboxLink: LinkRole {
    public static let name = RoleName.mailbox
    public typealias Request = LeaseRequest
    public typealias Response = LeaseResponse
}

/// One recipient of leased work.
public struct LeasedRecipient: Hashable, Sendable {
    /// The recipient's number within its message; never changes.
    public let index: UInt32
    /// How many attempts were over when it was leased: the generation that an outcome must match.
    public let attempts: UInt32
    /// The final address and the DSN parameters.
    public let recipient: EnvelopeRecipient

    public init(index: UInt32, attempts: UInt32, recipient: EnvelopeRecipient) {
        (self.index, self.attempts, self.recipient) = (index, attempts, recipient)
    }
}

/// Leased work: one message and those of its recipients that go to one next hop.
public struct LeasedWork: Hashable, Sendable {
    /// Recipients of one lease: what every server must take in one transaction (RFC 5321 §4.5.3.1.8).
    public static let maximumRecipients = 100

    public let lease: LeaseID
    public let message: QueueID
    /// The connector in the configuration, which says how to deliver.
    public let connector: String
    /// `NextHop`'s stable text.
    public let nextHop: String
    public let sender: EnvelopeSender
    public let receivedAt: Timestamp
    /// Octets of content.
    public let size: UInt64
    public let has8BitOctets: Bool
    public let recipients: [LeasedRecipient]
    /// The work may have been given out before, and done, without the core having heard of it: whoever can tell looks first.
    public let mayBeRepeat: Bool

    public init(
        lease: LeaseID, message: QueueID, connector: String, nextHop: String, sender: EnvelopeSender, receivedAt: Timestamp,
        size: UInt64, has8BitOctets: Bool, recipients: [LeasedRecipient], mayBeRepeat: Bool = false
    ) {
        (self.lease, self.message, self.connector, self.nextHop, self.sender) = (lease, message, connector, nextHop, sender)
        (self.receivedAt, self.size, self.has8BitOctets, self.recipients) = (receivedAt, size, has8BitOctets, recipients)
        self.mayBeRepeat = mayBeRepeat
    }
}

/// What became of one recipient.
public struct RecipientOutcome: Hashable, Sendable {
    public enum Result: UInt8, Hashable, Sendable {
        case delivered = 0
        /// Try again by the retry schedule.
        case deferred = 1
        /// Give up and report.
        case failed = 2
        /// Not attempted, or cut off before anything could have been taken: due again at once, counts as no attempt.
        case released = 3
        /// The connection broke off, or the server went away with 421, before it had a word on the recipient: nothing was taken. Tried
        /// again soon, as the configuration says of glitches, and by the retry schedule when that has not helped.
        case interrupted = 4
    }

    /// Lines of a reply: as many as the SMTP client takes from a remote server.
    static let maximumReplyLines = 100

    public let index: UInt32
    public let attempts: UInt32
    public let result: Result
    /// The last word on it: the remote server's, or our own.
    public let reply: Reply
    /// The host that said it, where there is one.
    public let remoteHost: String?

    public init(index: UInt32, attempts: UInt32, result: Result, reply: Reply, remoteHost: String? = nil) {
        (self.index, self.attempts, self.result, self.reply, self.remoteHost) = (index, attempts, result, reply, remoteHost)
    }
}

/// A lease that its holder still works on, or has an outcome for, as it tells the core after a restart.
public struct HeldLease: Hashable, Sendable {
    public let lease: LeaseID
    public let message: QueueID
    /// The index of each recipient.
    public let recipients: [UInt32]

    public init(lease: LeaseID, message: QueueID, recipients: [UInt32]) {
        (self.lease, self.message, self.recipients) = (lease, message, recipients)
    }
}

/// A holder's first connection carries `present`, then renewals and whatever must be said of leases whose own connection broke.
/// Every further connection carries one lease at a time: `lease`, the work with its content, `outcome`, and the next `lease`.
public enum LeaseRequest: Hashable, Sendable {
    /// Everything the holder (its id is in the hello) still works on or has an outcome for, in whatever connection it came.
    case present([HeldLease])
    /// Ready for work. With a next hop of a connector: a connection to it stands open; the answer is work for it, or `idle`.
    /// Without: whatever is due next.
    case lease(preferring: PreferredHop?)
    /// The holder is alive and works on these; at least every `LeaseTiming.renewal`.
    case renew([LeaseID])
    /// What became of recipients of a lease. Those not named are released. `reached` is false where the next hop could not be
    /// reached at all: that is no attempt of the message, and the core leaves the next hop alone for a while, whatever else waits for it.
    case outcome(HeldLease, [RecipientOutcome], reached: Bool)
    /// The holder ends in an orderly way: it holds nothing more.
    case farewell
    /// On the first connection, behind `present`; has no answer.
    case report(DaemonReport)
}

/// The next hop that a holder has a connection to.
public struct PreferredHop: Hashable, Sendable {
    public let connector: String
    public let nextHop: String

    public init(connector: String, nextHop: String) { (self.connector, self.nextHop) = (connector, nextHop) }
}

public enum LeaseResponse: Hashable, Sendable {
    case work(LeasedWork)
    /// At most `Frame.maximumContent` octets of the content of the work sent last.
    case content(ByteBuffer)
    /// All of the content has been sent.
    case contentEnded
    /// Nothing became due for the preferred next hop in a while: close the connection to it, and ask again without one.
    case idle
    /// The outcome is on stable storage: the holder may forget it.
    case recorded(LeaseID)
    /// Answers `present`: these leases are still the holder's; the others are not, their work must be stopped.
    case confirmed([LeaseID])
    /// The content could not be read; the core has taken the lease back.
    case contentUnavailable
    /// On the holder's first connection: the core runs with this revision of the configuration now.
    case reconfigured(String)
}

extension LeaseRequest {
    /// Leases that a holder may present: so many sessions and outcomes that are not recorded as it can have (`LeaseHolder.Settings`).
    /// Each costs the core a look into the store, so more than these are refused.
    public static let maximumPresented = 2400
    /// Of these, outcomes that the core has not recorded yet.
    static let maximumUnrecorded = 1000
}

extension LeaseRequest: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> LeaseRequest {
        switch kind {
        case 1: .present(try reader.array { reader throws(WireError) in try reader.heldLease() })
        case 2:
            .lease(
                preferring: try reader.optional { reader throws(WireError) in
                    PreferredHop(connector: try reader.text(), nextHop: try reader.text())
                })
        case 3: .renew(try reader.array { reader throws(WireError) in try reader.leaseID() })
        case 4:
            .outcome(
                try reader.heldLease(),
                try reader.array(maximum: LeasedWork.maximumRecipients) { reader throws(WireError) in try reader.recipientOutcome() },
                reached: try reader.bool())
        case 5: .farewell
        case 6: .report(try reader.daemonReport())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .present(let leases):
            Frame.append(kind: 1, to: &buffer) { $0.write(array: leases) { $0.write($1) } }
        case .lease(let nextHop):
            Frame.append(kind: 2, to: &buffer) {
                $0.write(optional: nextHop) { writer, hop in
                    writer.write(hop.connector)
                    writer.write(hop.nextHop)
                }
            }
        case .renew(let leases): Frame.append(kind: 3, to: &buffer) { $0.write(array: leases) { $0.write($1) } }
        case .outcome(let lease, let outcomes, let reached):
            Frame.append(kind: 4, to: &buffer) {
                $0.write(lease)
                $0.write(array: outcomes) { $0.write($1) }
                $0.write(reached)
            }
        case .farewell: Frame.append(kind: 5, to: &buffer) { _ in }
        case .report(let report): Frame.append(kind: 6, to: &buffer) { $0.write(report) }
        }
    }
}

extension LeaseResponse: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> LeaseResponse {
        switch kind {
        case 1: .work(try reader.leasedWork())
        case 2: .content(try reader.contentChunk())
        case 3: .contentEnded
        case 4: .idle
        case 5: .recorded(try reader.leaseID())
        case 6: .confirmed(try reader.array { reader throws(WireError) in try reader.leaseID() })
        case 7: .contentUnavailable
        case 8: .reconfigured(try reader.text())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .work(let work): Frame.append(kind: 1, to: &buffer) { $0.write(work) }
        case .content(let chunk): Frame.append(kind: 2, to: &buffer) { $0.buffer.writeImmutableBuffer(chunk) }
        case .contentEnded: Frame.append(kind: 3, to: &buffer) { _ in }
        case .idle: Frame.append(kind: 4, to: &buffer) { _ in }
        case .recorded(let lease): Frame.append(kind: 5, to: &buffer) { $0.write(lease) }
        case .confirmed(let leases): Frame.append(kind: 6, to: &buffer) { $0.write(array: leases) { $0.write($1) } }
        case .contentUnavailable: Frame.append(kind: 7, to: &buffer) { _ in }
        case .reconfigured(let revision): Frame.append(kind: 8, to: &buffer) { $0.write(revision) }
        }
    }
}
