import MailVocabulary
import NIOCore

/// A message as the queue holds it: envelope, where it came from, content, and the recipients that are not finished yet.
public struct QueuedMessage: Sendable {
    public let id: QueueID
    public let receivedAt: Timestamp
    public let sender: EnvelopeSender
    public let origin: MessageOrigin
    /// Octets of content.
    public let size: Int
    public let has8BitOctets: Bool
    public let content: QueuedContent
    public let recipients: QueuedRecipients
    private let makeDecided: @Sendable () -> String?
    /// How its recipients were decided about, in words that only the host understands. Made at each reading.
    public var decided: String? { makeDecided() }
    /// CRC-32C of content that lies in a file; the store computes that of inline content itself.
    public let checksum: UInt32?
    /// The `Message-ID` of its header, for the log; nil where there is none.
    public var messageID: String?

    /// - Parameter decided: read on the writer's thread, where long words cost nobody else's time.
    public init(
        id: QueueID, receivedAt: Timestamp, sender: EnvelopeSender, origin: MessageOrigin, size: Int, has8BitOctets: Bool,
        content: QueuedContent, recipients: QueuedRecipients, decided: @autoclosure @escaping @Sendable () -> String? = nil,
        checksum: UInt32? = nil
    ) {
        (self.id, self.receivedAt, self.sender, self.origin, self.size) = (id, receivedAt, sender, origin, size)
        (self.has8BitOctets, self.content, self.recipients, makeDecided) = (has8BitOctets, content, recipients, decided)
        self.checksum = checksum
    }

    public init(
        id: QueueID, receivedAt: Timestamp, sender: EnvelopeSender, origin: MessageOrigin, size: Int, has8BitOctets: Bool,
        content: QueuedContent, recipients: [QueuedRecipient], decided: @autoclosure @escaping @Sendable () -> String? = nil,
        checksum: UInt32? = nil
    ) {
        self.init(
            id: id, receivedAt: receivedAt, sender: sender, origin: origin, size: size, has8BitOctets: has8BitOctets, content: content,
            recipients: .listed(recipients), decided: decided(), checksum: checksum)
    }
}

/// The facts of the session that a message came in with; routing asks for them again at each delivery attempt.
public struct MessageOrigin: Hashable, Sendable {
    /// The virtual server; empty for a report of our own.
    public let virtualServer: String
    public let clientAddress: IPAddress?
    public let confirmedHostName: DomainName?
    public let helo: String?
    /// Who was logged in, by the mailbox's address; nil for nobody.
    public let account: EmailAddress?

    public init(
        virtualServer: String, clientAddress: IPAddress?, confirmedHostName: DomainName? = nil, helo: String? = nil,
        account: EmailAddress? = nil
    ) {
        (self.virtualServer, self.clientAddress) = (virtualServer, clientAddress)
        (self.confirmedHostName, self.helo, self.account) = (confirmedHostName, helo, account)
    }

    /// What Postern itself writes: reports.
    public static let system = MessageOrigin(virtualServer: "", clientAddress: nil)
}

/// Where the content of a message lies.
public enum QueuedContent: Sendable {
    /// In the database, beside the envelope.
    case inline(ByteBuffer)
    /// In a file of its own, named by the queue id, synced before the transaction that names it.
    case file
    /// In the database, and not as it was stored: what is left of it, for whoever wants to look. Never enqueued, never delivered.
    case damaged(ByteBuffer)
}

/// One recipient that is not finished yet, and where it goes.
public struct QueuedRecipient: Hashable, Sendable {
    /// The recipient's number within its message; never changes, never used twice.
    public let index: UInt32
    /// The final address (aliases and groups expanded), and the DSN parameters.
    public let recipient: EnvelopeRecipient
    /// The address that the sender wrote to, where it became another; nil: the final address itself. Our own record, unlike
    /// `ORCPT`, which is a stranger's word: whether the recipient may be relayed for depends on it.
    public let writtenTo: EmailAddress?
    public let route: Route

    public init(index: UInt32, recipient: EnvelopeRecipient, writtenTo: EmailAddress? = nil, route: Route) {
        (self.index, self.recipient, self.writtenTo, self.route) = (index, recipient, writtenTo, route)
    }
}

/// The connector that carries a recipient, and the next hop it takes it to.
public struct Route: Hashable, Sendable {
    public let connector: String
    /// `NextHop`'s stable text.
    public let nextHop: String
    public let carrier: Carrier

    public init(connector: String, nextHop: String, carrier: Carrier) {
        (self.connector, self.nextHop, self.carrier) = (connector, nextHop, carrier)
    }
}

/// Which process carries a route: it leases the work.
public enum Carrier: UInt8, CaseIterable, Hashable, Sendable {
    case delivery = 1
    case mailbox = 2
}
