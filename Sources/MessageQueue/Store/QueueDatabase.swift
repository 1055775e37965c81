import DurableStorage
import MailVocabulary
import NIOCore

/// The queue's tables, on the one connection that writes and checkpoints them. Confined to the writer's thread.
///
/// `apply` runs a group of operations in one transaction: when it returns, all of them are on stable storage; when it throws, none
/// of them has happened.
public final class QueueDatabase {
    let connection: SQLiteConnection
    private let checkpointPages: Int
    let statements: WriteStatements
    private var hopIDs: [Route: Int64] = [:]
    /// How far the routes have been looked through for those that nobody takes any more.
    private var hopSweep: Int64 = 0

    /// No id above this one was ever given to a message, as the database knows it; nil: not read since the last error.
    private var idBound: Int64?

    /// What is in the tables, counted once and kept from then on: counting them costs reading them.
    public private(set) var counts: QueueCounts
    /// The same as the transaction under way will leave it.
    private var countsToBe: QueueCounts

    /// Hops remembered here; the table is asked for the others.
    private static let hopCacheLimit = 10_000
    /// Routes looked at for each new one. More than one, so that there are never many more rows than routes in use; a check at the end
    /// of each recipient would cost every message.
    private static let hopsSweptPerInsert = 2
    /// How far the bound of the ids is ahead when it is written, in microseconds, so that it is written that seldom.
    private static let idBoundLead: Int64 = 10_000_000
    /// Pages that a message dirtied on its way in are dirtied again on its way out: the longer the log, the fewer of them are ever
    /// copied into the database. 4,000 pages are 32 MiB.
    public static let checkpointPages = 4000
    static let pageSize = ByteCount.kibibytes(8)
    /// A checkpoint goes as far as readers let it, and the log begins anew only when one has gone to the end while nobody read in it.
    /// Beside a reader that is always busy that moment may not come, however long SQLite is told to wait for it. Where the log is this
    /// many times as long as it should be, the reader has to wait instead (`QueueWriter`).
    static let longestLog = 4

    /// Opens or makes the database and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: of `queue.sqlite`.
    ///   - vfs: another SQLite VFS, for tests that record what would survive a power loss.
    ///   - checkpointPages: the log is copied into the database when it is that long; tests take a small one.
    /// - Throws: `SQLiteError`; also where the database is of a newer version of Postern.
    public init(path: String, vfs: String? = nil, checkpointPages: Int = QueueDatabase.checkpointPages) throws {
        self.checkpointPages = max(1, checkpointPages)
        connection = try SQLiteConnection(path: path, mode: .readWriteCreate, vfs: vfs)
        try connection.apply(
            SQLiteSettings(
                pageSize: Self.pageSize, cacheSize: .mebibytes(64), walAutocheckpointPages: 0,
                journalSizeLimit: .mebibytes(64), foreignKeys: false))
        // A write that fails while the mode changes is told after the pragma's row, where nobody listens. Without the log, a journal
        // whose deletion a power loss undoes would take the last commit back.
        guard try connection.text("PRAGMA journal_mode") == "wal" else {
            throw StoreError.failed("\(path): the change to a write-ahead log did not succeed")
        }
        connection.countLog()
        try connection.migrate(to: QueueSchema.migrations)
        statements = try WriteStatements(connection)
        counts = try Self.count(connection)
        countsToBe = counts
    }

    /// Messages are counted by their recipients, which lie closer together: a message without any is none.
    static func count(_ connection: SQLiteConnection) throws -> QueueCounts {
        let messages = try connection.integer("SELECT count(*) FROM (SELECT DISTINCT message_id FROM recipients)") ?? 0
        let recipients = try connection.integer("SELECT count(*) FROM recipients") ?? 0
        return QueueCounts(messages: Int(messages), recipients: Int(recipients))
    }

    /// Runs the operations in one transaction.
    ///
    /// What failed leaves no trace, but for one case: where a commit was written and not synced, and the disk fails again right
    /// after, a power loss before the next commit may bring the operations back.
    public func apply(_ operations: [StoreOperation]) throws {
        countsToBe = counts
        do {
            try connection.begin()
            for operation in operations { try apply(operation) }
        } catch {
            forgetTransaction()
            throw error
        }
        do {
            try connection.commit()
            counts = countsToBe
            checkpointIfDue()
        } catch {
            forgetTransaction()
            // The commit may lie in the log, unsynced, and a recovery would take it for good. The next commit writes over it. The
            // error of the first one is what the caller wants to know.
            try? connection.execute(
                "INSERT INTO counters VALUES ('failed commits', 1) ON CONFLICT DO UPDATE SET value = value + 1")
            throw error
        }
    }

    private func checkpointIfDue() {
        guard connection.logPages >= checkpointPages else { return }
        // What is committed stands; where this fails the log is longer, and the next commit tries again.
        _ = try? connection.checkpoint(.passive)
    }

    /// Whether readers have kept the log from beginning anew for too long.
    var isLogTooLong: Bool { connection.logPages >= checkpointPages * Self.longestLog }

    /// Copies all of the log into the database, and begins it anew. The caller sees to it that nobody reads.
    func restartLog() throws { try connection.checkpoint(.restart) }

    private func forgetTransaction() {
        hopIDs.removeAll()
        idBound = nil
        // The error that led here is the one to report; where the rollback fails too, SQLite rolls back before the next statement.
        try? connection.rollback()
    }

    /// Remembers by which configuration the core runs, as a number; durable when it returns.
    ///
    /// - Returns: since when it has been this one, over any number of starts: what came in before may have been decided about by another.
    public func runs(revision: Int64, now: Timestamp) throws -> Timestamp {
        try connection.transaction { () throws(SQLiteError) in
            if try connection.integer("SELECT value FROM counters WHERE name = 'revision'") == revision {
                let since = try connection.integer("SELECT value FROM counters WHERE name = 'reconfigured_at'")
                return Timestamp(microseconds: since ?? 0)
            }
            try writeRevision(revision, at: now)
            return now
        }
    }

    private func writeRevision(_ revision: Int64, at time: Timestamp) throws(SQLiteError) {
        try connection.execute("INSERT OR REPLACE INTO counters VALUES ('revision', \(revision))")
        try connection.execute("INSERT OR REPLACE INTO counters VALUES ('reconfigured_at', \(time.microseconds))")
    }

    /// Counts this start of the core; part of every lease id. Durable when it returns.
    public func nextEpoch() throws -> UInt32 {
        let value = try connection.transaction { () throws(SQLiteError) in
            try connection.execute("INSERT INTO counters VALUES ('epoch', 1) ON CONFLICT DO UPDATE SET value = value + 1")
            return try connection.integer("SELECT value FROM counters WHERE name = 'epoch'") ?? 0
        }
        return UInt32(truncatingIfNeeded: value)
    }

    /// No message, also none that has left the queue, has or had a larger id: so a clock that went back gives no id twice.
    public func largestMessageID() throws -> Int64 {
        let largest = try connection.integer("SELECT max(id) FROM messages") ?? 0
        return max(largest, try connection.integer("SELECT value FROM counters WHERE name = 'id bound'") ?? 0)
    }

    /// Whether the content of any message lies in a file. Goes through the messages until it finds one.
    public func namesContentFiles() throws -> Bool {
        try connection.integer("SELECT 1 FROM messages WHERE content IS NULL LIMIT 1") != nil
    }

    public func holders() throws -> [HolderRecord] {
        let statement = try connection.prepare("SELECT id, carrier, process_id FROM holders")
        defer { statement.reset() }
        var holders: [HolderRecord] = []
        while try statement.step() {
            guard let carrier = Carrier(rawValue: UInt8(truncatingIfNeeded: statement.integer(1))) else { continue }
            holders.append(
                HolderRecord(
                    id: UInt64(bitPattern: statement.integer(0)), carrier: carrier,
                    processID: Int32(truncatingIfNeeded: statement.integer(2))))
        }
        return holders
    }

    /// Removes routes that no recipient takes any more. Once at start, before anything else is under way.
    public func forgetUnusedHops() throws {
        try connection.execute("DELETE FROM hops WHERE NOT EXISTS (SELECT 1 FROM recipients WHERE hop_id = hops.id)")
    }

    /// Copies the log into the database file, so that the next start is quick.
    public func checkpoint() throws { try connection.checkpoint(.truncate) }

    private func apply(_ operation: StoreOperation) throws {
        switch operation {
        case .enqueue(let message): try insert(message)
        case .settle(let id, let settlements, let reports):
            var finished = false
            for settlement in settlements {
                switch settlement.change {
                case .finished:
                    try statements.run(statements.finish, Int64(id.value), Int64(settlement.index))
                    countsToBe.recipients -= connection.changes
                    finished = true
                case .deferred(let nextAttempt, let attempts, let lastError):
                    let statement = statements.reschedule
                    try statement.bind(nextAttempt.microseconds, at: 1)
                    try statement.bind(Int64(attempts), at: 2)
                    try statement.bind(lastError, at: 3)
                    try statements.run(statement, Int64(id.value), Int64(settlement.index), from: 4)
                case .rerouted(let route):
                    let statement = statements.reroute
                    try statement.bind(try hopID(of: route), at: 1)
                    try statements.run(statement, Int64(id.value), Int64(settlement.index), from: 2)
                case .held(let held, let until):
                    let statement = statements.holdRefused
                    try statement.bind(until.microseconds, at: 1)
                    try statement.bind(held.reason, at: 2)
                    try statement.bind(held.since.microseconds, at: 3)
                    try statements.run(statement, Int64(id.value), Int64(settlement.index), from: 4)
                }
            }
            if finished {
                try removeIfFinished(id)
            }
            for report in reports { try insert(report) }
        case .rememberHolder(let holder):
            try statements.run(
                statements.rememberHolder, Int64(bitPattern: holder.id), Int64(holder.carrier.rawValue), Int64(holder.processID))
        case .forgetHolder(let id):
            try statements.run(statements.forgetHolder, Int64(bitPattern: id))
        case .hold(let id, let until, let damage):
            try statements.hold.bind(until.microseconds, at: 1)
            try statements.hold.bind(damage.description, at: 2)
            try statements.run(statements.hold, id.value, from: 3)
        case .reconfigured(let revision, let time): try writeRevision(revision, at: time)
        case .clockWasSet(let step, let before):
            // Seldom enough for a statement of its own. Not below 1: 0 is what was never deferred.
            let (from, through) = (before + (.zero - StepClock.reach), before + StepClock.reach)
            let by = Timestamp(microseconds: 0) + step
            try connection.execute(
                """
                UPDATE recipients SET next_attempt = max(1, next_attempt + \(by.microseconds))
                WHERE next_attempt > 0 AND next_attempt > \(from.microseconds) AND next_attempt <= \(through.microseconds)
                """)
            try connection.execute("UPDATE unreachable SET until = until + \(by.microseconds), since = since + \(by.microseconds)")
        case .unreachable(let hop): try remember(hop)
        case .reachable(let route):
            let statement = statements.forgetUnreachable
            try statement.bind(route.nextHop, at: 1)
            try statement.bind(route.connector, at: 2)
            try statements.run(statement, Int64(route.carrier.rawValue), from: 3)
        }
    }

    /// Removes the message when its last recipient is gone.
    private func removeIfFinished(_ id: QueueID) throws {
        do {
            try statements.run(statements.removeFinishedMessage, id.value)
            countsToBe.messages -= connection.changes
        } catch let error as SQLiteError where error.isCorrupt && connection.isInTransaction {
            // Its page cannot be read. What was delivered must not be delivered again: the recipients go, and a row that nobody names stays.
            if try connection.integer("SELECT 1 FROM recipients WHERE message_id = \(id.value) LIMIT 1") == nil { countsToBe.messages -= 1 }
        }
    }

    private func insert(_ message: QueuedMessage) throws {
        try keepIDBound(above: message.id.value)
        let statement = statements.insertMessage
        let (sender, origin) = (message.sender, message.origin)
        try statement.bind(message.id.value, at: 1)
        try statement.bind(message.receivedAt.microseconds, at: 2)
        try statement.bind(sender.reversePath.address?.description, at: 3)
        try statement.bind(sender.declaredSize.map(Int64.init), at: 4)
        try statement.bind(Int64(sender.body.rawValue), at: 5)
        try statement.bind(Int64(sender.smtpUTF8 ? 1 : 0), at: 6)
        try statement.bind(Int64(sender.returnContent?.rawValue ?? 0), at: 7)
        try statement.bind(sender.envelopeID, at: 8)
        try statement.bind(origin.virtualServer, at: 9)
        try statement.bind(origin.clientAddress?.description, at: 10)
        try statement.bind(origin.confirmedHostName?.text, at: 11)
        try statement.bind(origin.helo, at: 12)
        try statement.bind(Int64(message.size), at: 13)
        try statement.bind(Int64(message.has8BitOctets ? 1 : 0), at: 14)
        try statement.bind(origin.account?.description, at: 16)
        try statement.bind(message.decided, at: 17)
        try statement.bind(message.storedChecksum.map(Int64.init), at: 18)
        try statement.bind(message.messageID, at: 19)
        switch message.content {
        case .inline(let bytes):
            // Bound where it lies, for as long as the statement runs.
            let result = try bytes.withUnsafeReadableBytes { bytes in
                try statement.bindWithoutCopying(bytes, at: 15)
                return Result { try statements.run(statement) }
            }
            // Also after an error: the next message would be stored with what lies there by then.
            try statement.bindNull(at: 15)
            try result.get()
        case .file:
            try statement.bindNull(at: 15)
            try statements.run(statement)
        case .damaged: throw StoreError.failed("damaged content is not queued")
        }
        switch message.recipients {
        case .listed(let recipients): for recipient in recipients { try insert(recipient, of: message.id) }
        case .made(let recipients): try insert(recipients, of: message.id)
        }
        countsToBe.messages += 1
        countsToBe.recipients += message.recipients.count
    }

    private func insert(_ recipients: MadeRecipients, of id: QueueID) throws {
        var count = 0
        var routes: Set<Route> = []
        var last: Route?
        for recipient in recipients.make() {
            try insert(recipient, of: id)
            count += 1
            if recipient.route != last { routes.insert(recipient.route) }
            last = recipient.route
        }
        recipients.wrote(count, over: routes)
    }

    private func insert(_ recipient: QueuedRecipient, of id: QueueID) throws {
        let statement = statements.insertRecipient
        try statement.bind(id.value, at: 1)
        try statement.bind(Int64(recipient.index), at: 2)
        try statement.bind(try hopID(of: recipient.route), at: 3)
        try statement.bind(recipient.recipient.address.description, at: 4)
        try statement.bind(Int64(recipient.recipient.notify?.rawValue ?? 0), at: 5)
        try statement.bind(recipient.recipient.originalRecipient, at: 6)
        try statement.bind(recipient.writtenTo?.description, at: 7)
        try statements.run(statement)
    }

    private func keepIDBound(above id: Int64) throws {
        if let idBound, id <= idBound { return }
        let bound = max(id, try largestMessageID())
        if bound > id {
            idBound = bound
            return
        }
        try statements.run(statements.setIDBound, id + Self.idBoundLead)
        idBound = id + Self.idBoundLead
    }

    private func hopID(of route: Route) throws -> Int64 {
        if let id = hopIDs[route] { return id }
        let select = statements.selectHop
        try select.bind(route.nextHop, at: 1)
        try select.bind(route.connector, at: 2)
        try select.bind(Int64(route.carrier.rawValue), at: 3)
        let found = try select.step() ? select.integer(0) : nil
        select.reset()
        let id: Int64
        if let found {
            id = found
        } else {
            try sweepHops()
            let insert = statements.insertHop
            try insert.bind(route.nextHop, at: 1)
            try insert.bind(route.connector, at: 2)
            try insert.bind(Int64(route.carrier.rawValue), at: 3)
            try statements.run(insert)
            id = connection.lastInsertRowID
        }
        if hopIDs.count >= Self.hopCacheLimit { hopIDs.removeAll() }
        hopIDs[route] = id
        return id
    }

    /// Looks at the next few routes, and removes those that no recipient takes.
    ///
    /// Not while a recipient of a route is on its way into the table: its row would go as unused.
    private func sweepHops() throws {
        var hops: [(id: Int64, route: Route?)] = []
        do {
            let next = statements.nextHops
            defer { next.reset() }
            try next.bind(hopSweep, at: 1)
            try next.bind(Int64(Self.hopsSweptPerInsert), at: 2)
            while try next.step() {
                let carrier = Carrier(rawValue: UInt8(truncatingIfNeeded: next.integer(3)))
                hops.append((next.integer(0), carrier.map { Route(connector: next.text(2), nextHop: next.text(1), carrier: $0) }))
            }
        }
        hopSweep = hops.count < Self.hopsSweptPerInsert ? 0 : hops.last?.id ?? 0
        for (id, route) in hops {
            try statements.run(statements.removeUnusedHop, id)
            if connection.changes > 0, let route { hopIDs[route] = nil }
        }
    }
}

extension QueuedMessage {
    /// Of the content, wherever it lies.
    fileprivate var storedChecksum: UInt32? {
        if case .inline(let bytes) = content { bytes.withUnsafeReadableBytes { CRC32C.of($0) } } else { checksum }
    }
}
