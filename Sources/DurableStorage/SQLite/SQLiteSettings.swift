import CSQLite
import MailVocabulary

/// The pragmas of a database that must survive a power loss: write-ahead log, every commit synced.
public struct SQLiteSettings: Hashable, Sendable {
    /// When SQLite waits for the disk.
    public enum Synchronous: String, Hashable, Sendable {
        /// Every commit is on stable storage when it returns.
        case full = "FULL"
        /// A commit survives a killed process, not a power loss: for data that can be made again.
        case normal = "NORMAL"
        /// For tests only.
        case off = "OFF"
    }

    public var synchronous: Synchronous
    /// A power of two from 512 to 65,536 octets; it has an effect on a new database only. nil: SQLite's default.
    public var pageSize: ByteCount?
    /// The pages held in memory.
    public var cacheSize: ByteCount
    /// The log is written back into the database by the commit that makes it this many pages long; 0: only by `checkpoint`.
    public var walAutocheckpointPages: Int
    /// A log longer than this is cut back to it after a checkpoint; nil: it stays as long as it once was.
    public var journalSizeLimit: ByteCount?
    public var foreignKeys: Bool

    public init(
        synchronous: Synchronous = .full, pageSize: ByteCount? = nil, cacheSize: ByteCount = .mebibytes(2),
        walAutocheckpointPages: Int = 1000, journalSizeLimit: ByteCount? = .mebibytes(64), foreignKeys: Bool = true
    ) {
        (self.synchronous, self.pageSize, self.cacheSize) = (synchronous, pageSize, cacheSize)
        (self.walAutocheckpointPages, self.journalSizeLimit) = (walAutocheckpointPages, journalSizeLimit)
        self.foreignKeys = foreignKeys
    }
}

/// How far a checkpoint goes (https://www.sqlite.org/c3ref/wal_checkpoint_v2.html).
public enum SQLiteCheckpointMode: Hashable, Sendable {
    /// As much as possible without waiting for anyone.
    case passive
    /// All of it, waiting for readers and writers up to the busy timeout.
    case full
    /// All of it, and the log begins anew: waits also for readers that still look at it. Readers that come meanwhile look at the
    /// database alone, and are not waited for.
    case restart
    /// All of it, and the log is cut to nothing.
    case truncate
}

extension SQLiteConnection {
    /// Applies the settings. Call it once, after opening and outside a transaction.
    ///
    /// - Throws: SQLite's error; also where the file system cannot carry a write-ahead log.
    public func apply(_ settings: SQLiteSettings) throws(SQLiteError) {
        // The page size has to be known before the first page is written, and the journal mode writes it.
        if let pageSize = settings.pageSize { try execute("PRAGMA page_size = \(pageSize.bytes)") }
        let journalMode = try text("PRAGMA journal_mode = WAL")
        guard journalMode == "wal" || (path == ":memory:" && journalMode == "memory") else {
            throw SQLiteError(
                extendedCode: SQLITE_CANTOPEN, message: "\(path): no write-ahead log here, the journal mode is \(journalMode ?? "unknown")")
        }
        try execute(
            """
            PRAGMA synchronous = \(settings.synchronous.rawValue);
            PRAGMA wal_autocheckpoint = \(settings.walAutocheckpointPages);
            PRAGMA journal_size_limit = \(settings.journalSizeLimit?.bytes ?? -1);
            PRAGMA cache_size = -\(max(1, settings.cacheSize.bytes / 1024));
            PRAGMA foreign_keys = \(settings.foreignKeys ? "ON" : "OFF");
            PRAGMA trusted_schema = OFF;
            """)
    }

    /// Writes the log back into the database file.
    ///
    /// - Returns: the pages in the log and how many of them are written back by now.
    @discardableResult
    public func checkpoint(_ mode: SQLiteCheckpointMode) throws(SQLiteError) -> (logPages: Int, written: Int) {
        let code =
            switch mode {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .full: SQLITE_CHECKPOINT_FULL
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        var (logPages, written): (Int32, Int32) = (0, 0)
        let result = sqlite3_wal_checkpoint_v2(handle, nil, code, &logPages, &written)
        if result != SQLITE_OK { throw error(result, sql: nil) }
        return (max(0, Int(logPages)), max(0, Int(written)))
    }

    /// `PRAGMA integrity_check`: what is wrong with the file; empty if nothing is. Reads all of it.
    public func integrityProblems() throws(SQLiteError) -> [String] {
        let statement = try prepare("PRAGMA integrity_check")
        var problems: [String] = []
        while try statement.step() { problems.append(statement.text(0)) }
        return problems == ["ok"] ? [] : problems
    }
}
