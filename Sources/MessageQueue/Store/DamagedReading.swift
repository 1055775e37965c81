import DurableStorage
import MailVocabulary
import NIOCore

/// Reads the queue where a page of its database is damaged: row by row, so that what lies on other pages is found all the same.
///
/// Slower than a whole query by far, and used only behind one that met the damage. Statements are prepared for each use: this is no hot path.
struct DamagedReading {
    private let connection: SQLiteConnection

    init(_ reader: QueueReader) { connection = reader.connection }

    /// Names a recipient.
    private struct Key: Hashable {
        let message: Int64
        let number: Int64
    }

    /// Rows that are read beyond those that were asked for, in place of damaged ones that cannot even be put off.
    private static let spare = 200
    /// Stands where the address cannot be read.
    private static let unreadableAddress = EmailAddress(parsing: "unreadable@damaged.invalid")

    static func damage(_ error: SQLiteError) -> MessageDamage { MessageDamage("it cannot be read: \(error)") }

    // MARK: Due work

    /// - Parameter error: what the whole query met.
    func due(route: Route, now: Timestamp, limit: Int, contentBudget: Int, _ error: SQLiteError) throws -> DueWindow {
        let found = try keys(forDue: route, now: now, limit: limit + Self.spare, error)
        var window = DueWindow(looked: found.count)
        var budget = contentBudget
        // One message's recipients follow each other, mostly: its head is read once.
        var last: MessageHead?
        for key in found {
            if window.recipients.count == limit { break }
            let id = QueueID(value: key.message)
            if window.unreadable.last?.id == id { continue }
            do throws(SQLiteError) {
                if last?.id != id {
                    last = try head(key.message, contentBudget: budget)
                    if case .inline(let bytes)? = last?.content { budget -= bytes.readableBytes }
                }
                guard let last, last.id == id, let found = try recipient(key), !found.isHeld else { continue }
                window.recipients.append(
                    DueRecipient(
                        message: last, recipient: found.recipient, index: UInt32(truncatingIfNeeded: key.number),
                        attempts: found.attempts, writtenTo: found.writtenTo))
            } catch {
                guard error.isCorrupt else { throw error }
                window.unreadable.append(UnreadableMessage(id: id, damage: Self.damage(error)))
            }
        }
        return window
    }

    /// Due recipients by the index alone: from its beginning up to the damage, and from its end back to it.
    private func keys(forDue route: Route, now: Timestamp, limit: Int, _ error: SQLiteError) throws -> [Key] {
        let first = try keys(forDue: route, now: now, limit: limit, "ASC")
        if first.isWhole { return first.keys }
        return try joined(first.keys, keys(forDue: route, now: now, limit: limit, "DESC"), limit: limit, error)
    }

    private func keys(
        forDue route: Route, now: Timestamp, limit: Int, _ direction: String
    ) throws(SQLiteError) -> (keys: [Key], isWhole: Bool) {
        let statement = try connection.prepare(
            """
            SELECT message_id, number FROM recipients INDEXED BY due WHERE hop_id = \(QueueReader.hopID) AND next_attempt <= ?4
            ORDER BY next_attempt \(direction), message_id \(direction), number \(direction) LIMIT ?5
            """)
        try QueueReader.bind(route, to: statement)
        try statement.bind(now.microseconds, at: 4)
        try statement.bind(Int64(limit), at: 5)
        return keys(statement)
    }

    // MARK: One message

    func message(_ id: QueueID, recipients wanted: [UInt32]?, _ error: SQLiteError) throws -> StoredMessage? {
        guard let head = try head(id.value, contentBudget: .max) else { return nil }
        let statement = try connection.prepare("SELECT virtual_server, client_address, host_name, helo FROM messages WHERE id = ?")
        try statement.bind(id.value, at: 1)
        guard try statement.step() else { return nil }
        let origin = MessageOrigin(
            virtualServer: statement.optionalText(0) ?? "", clientAddress: statement.optionalText(1).flatMap { IPAddress(parsing: $0) },
            confirmedHostName: statement.optionalText(2).flatMap { DomainName(parsing: $0) }, helo: statement.optionalText(3))
        return StoredMessage(head: head, origin: origin, recipients: try recipients(wanted, of: id), decided: nil)
    }

    private func recipients(_ wanted: [UInt32]?, of id: QueueID) throws -> [StoredRecipient] {
        let statement = try connection.prepare(QueueReader.recipientsQuery)
        try statement.bind(id.value, at: 1)
        let found = try QueueReader.storedRecipients(statement)
        guard let wanted = wanted.map({ Set($0) }) else { return found }
        return found.filter { wanted.contains($0.index) }
    }

    /// The envelope, with the content if that can be read.
    private func head(_ id: Int64, contentBudget: Int) throws(SQLiteError) -> MessageHead? {
        do throws(SQLiteError) {
            return try head(id, QueueReader.headColumns, contentBudget: contentBudget)
        } catch  where error.isCorrupt {
            // The row's own page may be whole, and only those that carry the content on be damaged.
            return try head(id, "\(QueueReader.envelopeColumns), X'', NULL, NULL", contentBudget: .max)
        }
    }

    private func head(_ id: Int64, _ columns: String, contentBudget: Int) throws(SQLiteError) -> MessageHead? {
        let statement = try connection.prepare("SELECT \(columns) FROM messages m WHERE m.id = ?")
        try statement.bind(id, at: 1)
        guard try statement.step() else { return nil }
        return QueueReader.head(statement, from: 0, contentBudget: contentBudget)
    }

    private struct FoundRecipient {
        let recipient: EnvelopeRecipient
        let attempts: UInt32
        let writtenTo: EmailAddress?
        let isHeld: Bool
    }

    private func recipient(_ key: Key) throws(SQLiteError) -> FoundRecipient? {
        let statement = try connection.prepare(
            """
            SELECT address, notify, original_recipient, attempts, written_to, held IS NOT NULL FROM recipients
            WHERE message_id = ? AND number = ?
            """)
        try statement.bind(key.message, at: 1)
        try statement.bind(key.number, at: 2)
        guard try statement.step(), let recipient = QueueReader.recipient(statement, address: 0) else { return nil }
        return FoundRecipient(
            recipient: recipient, attempts: UInt32(truncatingIfNeeded: statement.integer(3)),
            writtenTo: statement.optionalText(4).flatMap { EmailAddress(recorded: $0) }, isHeld: statement.integer(5) != 0)
    }

    // MARK: What an operator sees

    func entries(after: (QueueID, UInt32)?, limit: Int, _ error: SQLiteError) throws -> [QueueEntry] {
        let first = try keys(from: "recipients", after: after, limit: limit)
        // Where the table itself cannot be read, its index names the recipients, too.
        let found =
            first.isWhole
            ? first.keys : try joined(first.keys, keys(from: "recipients INDEXED BY due", after: after, limit: limit), limit: limit, error)
        let inOrder = found.sorted { ($0.message, $0.number) < ($1.message, $1.number) }
        return inOrder.prefix(limit).compactMap { entry($0) }
    }

    private func keys(
        from source: String, after: (QueueID, UInt32)?, limit: Int
    ) throws(SQLiteError) -> (keys: [Key], isWhole: Bool) {
        let statement = try connection.prepare(
            "SELECT message_id, number FROM \(source) WHERE (message_id, number) > (?, ?) ORDER BY message_id, number LIMIT ?")
        try statement.bind(after?.0.value ?? -1, at: 1)
        try statement.bind(Int64(after?.1 ?? 0), at: 2)
        try statement.bind(Int64(limit), at: 3)
        return keys(statement)
    }

    private func entry(_ key: Key) -> QueueEntry? {
        do throws(SQLiteError) {
            let statement = try connection.prepare(
                """
                SELECT \(QueueReader.entryColumns) FROM recipients r \(QueueReader.entryJoins)
                WHERE r.message_id = ? AND r.number = ?
                """)
            try statement.bind(key.message, at: 1)
            try statement.bind(key.number, at: 2)
            return try statement.step() ? QueueReader.entry(statement) : nil
        } catch {
            return damagedEntry(key, error)
        }
    }

    /// What can be told of a recipient whose message cannot be read.
    private func damagedEntry(_ key: Key, _ error: SQLiteError) -> QueueEntry? {
        // Where the recipient cannot be read either, there is nothing but its number.
        let known = try? recipientRow(key)
        guard let address = known?.address ?? Self.unreadableAddress else { return nil }
        return QueueEntry(
            message: QueueID(value: key.message), index: UInt32(truncatingIfNeeded: key.number), reversePath: .null, recipient: address,
            connector: known?.connector ?? "", nextHop: known?.nextHop ?? "", receivedAt: Timestamp(microseconds: key.message),
            nextAttempt: known?.nextAttempt, attempts: known?.attempts ?? 0, lastError: "\(Self.damage(error))", size: 0)
    }

    private struct RecipientRow {
        let address: EmailAddress?
        let connector, nextHop: String
        let nextAttempt: Timestamp?
        let attempts: UInt32
    }

    private func recipientRow(_ key: Key) throws(SQLiteError) -> RecipientRow? {
        let statement = try connection.prepare(
            """
            SELECT r.address, h.connector, h.next_hop, r.next_attempt, r.attempts FROM recipients r LEFT JOIN hops h ON h.id = r.hop_id
            WHERE r.message_id = ? AND r.number = ?
            """)
        try statement.bind(key.message, at: 1)
        try statement.bind(key.number, at: 2)
        guard try statement.step() else { return nil }
        return RecipientRow(
            address: statement.optionalText(0).flatMap { EmailAddress(recorded: $0) }, connector: statement.optionalText(1) ?? "",
            nextHop: statement.optionalText(2) ?? "",
            nextAttempt: statement.integer(3) == 0 ? nil : Timestamp(microseconds: statement.integer(3)),
            attempts: UInt32(truncatingIfNeeded: statement.integer(4)))
    }

    // MARK: Keys

    /// The rows up to the first that cannot be read.
    private func keys(_ statement: SQLiteStatement) -> (keys: [Key], isWhole: Bool) {
        var found: [Key] = []
        do throws(SQLiteError) {
            while try statement.step() { found.append(Key(message: statement.integer(0), number: statement.integer(1))) }
            return (found, true)
        } catch {
            return (found, false)
        }
    }

    /// What one way of reading has found before it broke off, and what another finds besides.
    ///
    /// - Throws: the error that led here, where neither finds anything.
    private func joined(
        _ first: [Key], _ second: (keys: [Key], isWhole: Bool), limit: Int, _ error: SQLiteError
    ) throws(SQLiteError) -> [Key] {
        var known = Set(first)
        let found = first + second.keys.filter { known.insert($0).inserted }
        guard !found.isEmpty || second.isWhole else { throw error }
        return Array(found.prefix(limit))
    }
}
