import DurableStorage
import MailVocabulary
import NIOCore

/// Reads the queue's tables on a connection of its own. Confined to the reader's thread.
public final class QueueReader {
    private let dueStatement, expiredStatement, hopsStatement, deferredStatement, nextDeferredStatement: SQLiteStatement
    private let messageStatement, recipientsStatement, recipientStatement, entriesStatement, existsStatement: SQLiteStatement
    let heldStatement, heldEndingStatement: SQLiteStatement
    let connection: SQLiteConnection

    public init(path: String, vfs: String? = nil) throws {
        connection = try SQLiteConnection(path: path, mode: .readOnly, vfs: vfs)
        dueStatement = try connection.prepare(
            """
            SELECT r.number, r.attempts, r.address, r.notify, r.original_recipient, r.written_to, \(Self.headColumns)
            FROM recipients r INDEXED BY due JOIN messages m ON m.id = r.message_id
            WHERE r.hop_id = \(Self.hopID) AND r.next_attempt <= ?4 AND r.held IS NULL ORDER BY r.next_attempt, r.message_id, r.number LIMIT ?5
            """)
        // Fresh recipients come in the order of their messages' ids, which are times; of those that were tried before, a dead hop has few.
        expiredStatement = try connection.prepare(
            """
            SELECT r.number, r.attempts, r.address, r.notify, r.original_recipient, r.written_to, \(Self.headColumns)
            FROM (
                SELECT message_id, number FROM recipients INDEXED BY due WHERE hop_id = \(Self.hopID) AND next_attempt = 0 AND message_id <= ?4
                UNION ALL
                SELECT message_id, number FROM recipients INDEXED BY due
                WHERE hop_id = \(Self.hopID) AND next_attempt > 0 AND next_attempt <= ?5 AND message_id <= ?4
            ) old JOIN recipients r ON r.message_id = old.message_id AND r.number = old.number JOIN messages m ON m.id = r.message_id
            WHERE m.received_at <= ?4 AND r.held IS NULL LIMIT ?6
            """)
        hopsStatement = try connection.prepare("SELECT id, carrier, connector, next_hop FROM hops WHERE id > ? ORDER BY id LIMIT ?")
        deferredStatement = try connection.prepare(
            """
            SELECT id, carrier, connector, next_hop FROM hops WHERE id IN (
                SELECT DISTINCT hop_id FROM recipients INDEXED BY deferred WHERE next_attempt > 0 AND next_attempt > ? AND next_attempt <= ?)
            """)
        nextDeferredStatement = try connection.prepare(
            "SELECT min(next_attempt) FROM recipients INDEXED BY deferred WHERE next_attempt > 0 AND next_attempt > ?")
        messageStatement = try connection.prepare(
            "SELECT \(Self.headColumns), m.virtual_server, m.client_address, m.host_name, m.helo, m.account, m.decided FROM messages m WHERE m.id = ?"
        )
        recipientsStatement = try connection.prepare(Self.recipientsQuery)
        recipientStatement = try connection.prepare(Self.recipientQuery)
        entriesStatement = try connection.prepare(
            """
            SELECT \(Self.entryColumns) FROM recipients r \(Self.entryJoins)
            WHERE (r.message_id, r.number) > (?, ?) ORDER BY r.message_id, r.number LIMIT ?
            """)
        heldStatement = try connection.prepare(
            """
            SELECT \(Self.entryColumns) FROM recipients r INDEXED BY held \(Self.entryJoins)
            WHERE r.held IS NOT NULL AND (r.message_id, r.number) > (?, ?) ORDER BY r.message_id, r.number LIMIT ?
            """)
        heldEndingStatement = try connection.prepare(
            """
            SELECT \(Self.entryColumns) FROM recipients r INDEXED BY held_until \(Self.entryJoins)
            WHERE r.held IS NOT NULL AND r.next_attempt <= ? LIMIT ?
            """)
        existsStatement = try connection.prepare("SELECT 1 FROM messages WHERE id = ?")
    }

    /// Reads around what is damaged, so that one bad page does not stop the mail that lies on others.
    func due(route: Route, now: Timestamp, limit: Int, contentBudget: Int) throws -> DueWindow {
        do {
            let rows = try soundlyDue(route: route, now: now, limit: limit, contentBudget: contentBudget)
            return DueWindow(recipients: rows, looked: rows.count)
        } catch let error as SQLiteError where error.isCorrupt {
            return try DamagedReading(self).due(route: route, now: now, limit: limit, contentBudget: contentBudget, error)
        }
    }

    private func soundlyDue(route: Route, now: Timestamp, limit: Int, contentBudget: Int) throws -> [DueRecipient] {
        let statement = dueStatement
        defer { statement.reset() }
        try Self.bind(route, to: statement)
        try statement.bind(now.microseconds, at: 4)
        try statement.bind(Int64(limit), at: 5)
        return try Self.dueRecipients(statement, contentBudget: contentBudget)
    }

    func expired(route: Route, receivedBefore: Timestamp, now: Timestamp, limit: Int) throws -> [DueRecipient] {
        do {
            return try soundlyExpired(route: route, receivedBefore: receivedBefore, now: now, limit: limit)
        } catch let error as SQLiteError where error.isCorrupt {
            return try DamagedReading(self).due(route: route, now: now, limit: limit, contentBudget: 0, error).recipients
                .filter { $0.message.receivedAt <= receivedBefore }
        }
    }

    private func soundlyExpired(route: Route, receivedBefore: Timestamp, now: Timestamp, limit: Int) throws -> [DueRecipient] {
        let statement = expiredStatement
        defer { statement.reset() }
        try Self.bind(route, to: statement)
        try statement.bind(receivedBefore.microseconds, at: 4)
        try statement.bind(now.microseconds, at: 5)
        try statement.bind(Int64(limit), at: 6)
        return try Self.dueRecipients(statement, contentBudget: 0)
    }

    private static func dueRecipients(_ statement: SQLiteStatement, contentBudget: Int) throws -> [DueRecipient] {
        var found: [DueRecipient] = []
        var budget = contentBudget
        while try statement.step() {
            // One message's recipients follow each other: its head is read once.
            let id = statement.integer(6)
            let head: MessageHead
            if let last = found.last, last.message.id.value == id {
                head = last.message
            } else {
                guard let read = Self.head(statement, from: 6, contentBudget: budget) else { continue }
                if case .inline(let bytes) = read.content { budget -= bytes.readableBytes }
                head = read
            }
            guard let recipient = Self.recipient(statement, address: 2) else { continue }
            found.append(
                DueRecipient(
                    message: head, recipient: recipient, index: UInt32(truncatingIfNeeded: statement.integer(0)),
                    attempts: UInt32(truncatingIfNeeded: statement.integer(1)),
                    writtenTo: statement.optionalText(5).flatMap { EmailAddress(recorded: $0) }))
        }
        return found
    }

    func hops(after: HopID?, limit: Int) throws -> [StoredHop] {
        let statement = hopsStatement
        defer { statement.reset() }
        try statement.bind(after?.value ?? 0, at: 1)
        try statement.bind(Int64(limit), at: 2)
        return try Self.hops(statement)
    }

    func deferredHops(after: Timestamp, until: Timestamp) throws -> (hops: [StoredHop], next: Timestamp?) {
        let statement = deferredStatement
        defer { statement.reset() }
        try statement.bind(after.microseconds, at: 1)
        try statement.bind(until.microseconds, at: 2)
        let hops = try Self.hops(statement)
        let minimum = nextDeferredStatement
        defer { minimum.reset() }
        try minimum.bind(until.microseconds, at: 1)
        let next = try minimum.step() && !minimum.isNull(0) ? Timestamp(microseconds: minimum.integer(0)) : nil
        return (hops, next)
    }

    /// The message and what is left of its recipients; nil where it is not in the queue any more. Where its content cannot be read, the
    /// envelope is there all the same.
    ///
    /// - Parameter recipients: those that are asked for; nil: all.
    public func message(_ id: QueueID, recipients: [UInt32]? = nil) throws -> StoredMessage? {
        do { return try soundMessage(id, recipients) } catch let error as SQLiteError where error.isCorrupt {
            return try DamagedReading(self).message(id, recipients: recipients, error)
        }
    }

    private func soundMessage(_ id: QueueID, _ recipients: [UInt32]?) throws -> StoredMessage? {
        let statement = messageStatement
        defer { statement.reset() }
        try statement.bind(id.value, at: 1)
        guard try statement.step(), let head = Self.head(statement, from: 0, contentBudget: .max) else { return nil }
        let origin = MessageOrigin(
            virtualServer: statement.optionalText(Self.headColumnCount) ?? "",
            clientAddress: statement.optionalText(Self.headColumnCount + 1).flatMap { IPAddress(parsing: $0) },
            confirmedHostName: statement.optionalText(Self.headColumnCount + 2).flatMap { DomainName(parsing: $0) },
            helo: statement.optionalText(Self.headColumnCount + 3),
            account: statement.optionalText(Self.headColumnCount + 4).flatMap { EmailAddress(recorded: $0) })
        return StoredMessage(
            head: head, origin: origin, recipients: try self.recipients(recipients, of: id),
            decided: statement.optionalText(Self.headColumnCount + 5))
    }

    /// Whether the queue still names this message.
    public func contains(_ id: QueueID) throws -> Bool {
        let statement = existsStatement
        defer { statement.reset() }
        try statement.bind(id.value, at: 1)
        return try statement.step()
    }

    /// Those of the messages that the queue names.
    public func named(_ ids: [QueueID]) throws -> Set<QueueID> { Set(try ids.filter { try contains($0) }) }

    func entries(after: (QueueID, UInt32)?, limit: Int) throws -> [QueueEntry] {
        do { return try soundEntries(after: after, limit: limit) } catch let error as SQLiteError where error.isCorrupt {
            return try DamagedReading(self).entries(after: after, limit: limit, error)
        }
    }

    private func soundEntries(after: (QueueID, UInt32)?, limit: Int) throws -> [QueueEntry] {
        try Self.entries(entriesStatement, after: after, limit: limit)
    }

    static func entries(_ statement: SQLiteStatement, after: (QueueID, UInt32)?, limit: Int) throws -> [QueueEntry] {
        defer { statement.reset() }
        try statement.bind(after?.0.value ?? -1, at: 1)
        try statement.bind(Int64(after?.1 ?? 0), at: 2)
        try statement.bind(Int64(limit), at: 3)
        return try entries(statement)
    }

    static func entries(_ statement: SQLiteStatement) throws -> [QueueEntry] {
        var found: [QueueEntry] = []
        while try statement.step() {
            if let entry = entry(statement) { found.append(entry) }
        }
        return found
    }

    static let entryColumns = """
        r.message_id, r.number, m.reverse_path, r.address, h.connector, h.next_hop, m.received_at, r.next_attempt, r.attempts, r.last_error,
            m.size, r.written_to, r.original_recipient, r.held, r.held_since
        """
    static let entryJoins = "JOIN messages m ON m.id = r.message_id JOIN hops h ON h.id = r.hop_id"

    static func held(_ statement: SQLiteStatement, _ column: Int) -> HeldReason? {
        statement.optionalText(column).map {
            HeldReason(since: Timestamp(microseconds: statement.integer(column + 1)), reason: $0)
        }
    }

    static func entry(_ statement: SQLiteStatement) -> QueueEntry? {
        guard let recipient = statement.optionalText(3).flatMap({ EmailAddress(recorded: $0) }) else { return nil }
        return QueueEntry(
            message: QueueID(value: statement.integer(0)), index: UInt32(truncatingIfNeeded: statement.integer(1)),
            reversePath: reversePath(statement, 2), recipient: recipient, connector: statement.optionalText(4) ?? "",
            nextHop: statement.optionalText(5) ?? "", receivedAt: Timestamp(microseconds: statement.integer(6)),
            nextAttempt: statement.integer(7) == 0 ? nil : Timestamp(microseconds: statement.integer(7)),
            attempts: UInt32(truncatingIfNeeded: statement.integer(8)), lastError: statement.optionalText(9),
            size: Int(statement.integer(10)), writtenTo: statement.optionalText(11).flatMap { EmailAddress(recorded: $0) },
            originalRecipient: statement.optionalText(12), held: held(statement, 13))
    }

    func counts() throws -> QueueCounts {
        try QueueDatabase.count(connection)
    }

    private func recipients(_ wanted: [UInt32]?, of id: QueueID) throws -> [StoredRecipient] {
        guard let wanted else {
            let statement = recipientsStatement
            defer { statement.reset() }
            try statement.bind(id.value, at: 1)
            return try Self.storedRecipients(statement)
        }
        let statement = recipientStatement
        defer { statement.reset() }
        var found: [StoredRecipient] = []
        for index in Set(wanted).sorted() {
            statement.reset()
            try statement.bind(id.value, at: 1)
            try statement.bind(Int64(index), at: 2)
            found += try Self.storedRecipients(statement)
        }
        return found
    }

    private static let recipientsOfMessage = """
        SELECT r.number, r.attempts, r.address, r.notify, r.original_recipient, r.next_attempt, r.last_error,
            r.written_to, h.carrier, h.connector, h.next_hop, r.held, r.held_since
        FROM recipients r JOIN hops h ON h.id = r.hop_id WHERE r.message_id = ?
        """
    static let recipientsQuery = "\(recipientsOfMessage) ORDER BY r.number"
    private static let recipientQuery = "\(recipientsOfMessage) AND r.number = ?"

    static func storedRecipients(_ statement: SQLiteStatement) throws -> [StoredRecipient] {
        var found: [StoredRecipient] = []
        while try statement.step() {
            guard let recipient = recipient(statement, address: 2), let route = route(statement, carrier: 8) else { continue }
            found.append(
                StoredRecipient(
                    index: UInt32(truncatingIfNeeded: statement.integer(0)), recipient: recipient, route: route,
                    writtenTo: statement.optionalText(7).flatMap { EmailAddress(recorded: $0) },
                    attempts: UInt32(truncatingIfNeeded: statement.integer(1)),
                    nextAttempt: statement.integer(5) == 0 ? nil : Timestamp(microseconds: statement.integer(5)),
                    lastError: statement.optionalText(6), held: held(statement, 11)))
        }
        return found
    }

    static let hopID = "(SELECT id FROM hops WHERE next_hop = ?1 AND connector = ?2 AND carrier = ?3)"

    static func bind(_ route: Route, to statement: SQLiteStatement) throws(SQLiteError) {
        try statement.bind(route.nextHop, at: 1)
        try statement.bind(route.connector, at: 2)
        try statement.bind(Int64(route.carrier.rawValue), at: 3)
    }

    static let headColumns = "\(envelopeColumns), m.content, m.checksum, m.header_message_id"
    /// What lies before the content in its row, and so on the row's own page.
    static let envelopeColumns = """
        m.id, m.received_at, m.reverse_path, m.declared_size, m.body, m.smtputf8, m.return_content, m.envelope_id, m.size, m.has_8bit
        """
    static let headColumnCount: Int = 13

    static func head(_ statement: SQLiteStatement, from first: Int, contentBudget: Int) -> MessageHead? {
        guard let body = BodyType(rawValue: UInt8(truncatingIfNeeded: statement.integer(first + 4))) else { return nil }
        let size = Int(statement.integer(first + 8))
        let checksum = statement.isNull(first + 11) ? nil : UInt32(truncatingIfNeeded: statement.integer(first + 11))
        let content: QueuedContent?
        if statement.isNull(first + 10) {
            content = .file
        } else if size <= contentBudget {
            content = statement.withBlob(first + 10) { bytes in
                // Damage that SQLite cannot see: an octet of the content is another than it was.
                let isWhole = bytes.count == size && checksum.map { $0 == CRC32C.of(bytes) } ?? true
                return isWhole ? .inline(ByteBuffer(bytes: bytes)) : .damaged(ByteBuffer(bytes: bytes))
            }
        } else {
            content = nil
        }
        return MessageHead(
            id: QueueID(value: statement.integer(first)), receivedAt: Timestamp(microseconds: statement.integer(first + 1)),
            sender: EnvelopeSender(
                reversePath: reversePath(statement, first + 2),
                declaredSize: statement.isNull(first + 3) ? nil : Int(statement.integer(first + 3)), body: body,
                smtpUTF8: statement.integer(first + 5) != 0,
                returnContent: ReturnContent(rawValue: UInt8(truncatingIfNeeded: statement.integer(first + 6))),
                envelopeID: statement.optionalText(first + 7)),
            size: size, has8BitOctets: statement.integer(first + 9) != 0, content: content, checksum: checksum,
            messageID: statement.optionalText(first + 12))
    }

    static func reversePath(_ statement: SQLiteStatement, _ column: Int) -> ReversePath {
        statement.optionalText(column).flatMap { EmailAddress(recorded: $0) }.map(ReversePath.address) ?? .null
    }

    static func recipient(_ statement: SQLiteStatement, address column: Int) -> EnvelopeRecipient? {
        guard let address = statement.optionalText(column).flatMap({ EmailAddress(recorded: $0) }) else { return nil }
        let notify = UInt8(truncatingIfNeeded: statement.integer(column + 1))
        return EnvelopeRecipient(
            address: address, notify: notify == 0 ? nil : Notify(rawValue: notify), originalRecipient: statement.optionalText(column + 2))
    }

    private static func route(_ statement: SQLiteStatement, carrier column: Int) -> Route? {
        guard let carrier = Carrier(rawValue: UInt8(truncatingIfNeeded: statement.integer(column))) else { return nil }
        return Route(
            connector: statement.optionalText(column + 1) ?? "", nextHop: statement.optionalText(column + 2) ?? "", carrier: carrier)
    }

    private static func hops(_ statement: SQLiteStatement) throws -> [StoredHop] {
        var hops: [StoredHop] = []
        while try statement.step() {
            guard let route = route(statement, carrier: 1) else { continue }
            hops.append(StoredHop(id: HopID(value: statement.integer(0)), route: route))
        }
        return hops
    }
}
