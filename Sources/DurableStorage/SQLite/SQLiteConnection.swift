import CSQLite

#if canImport(Glibc)
    import Glibc
#endif

/// One connection to one SQLite database file.
///
/// Not `Sendable`: its owner confines it, and every statement prepared from it, to one thread, so SQLite's own mutexes are off
/// (`SQLITE_OPEN_NOMUTEX`). Nothing is cached behind the caller's back: prepare a `SQLiteStatement` once and keep it.
public final class SQLiteConnection {
    /// What a connection may do with the file.
    public enum Mode: Hashable, Sendable {
        /// Read and write; the file is created, readable for its owner only, if it does not exist.
        case readWriteCreate
        /// Read and write a file that exists.
        case readWrite
        /// Read a file that exists.
        case readOnly

        fileprivate var flags: Int32 {
            switch self {
            case .readWriteCreate: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        }
    }

    /// As given when it was opened.
    public let path: String
    let handle: OpaquePointer
    private var beginStatement: OpaquePointer?
    private var commitStatement: OpaquePointer?
    private var rollbackStatement: OpaquePointer?
    private var logLength: LogLength?

    /// Opens the database.
    ///
    /// - Parameters:
    ///   - path: a file, or `:memory:`.
    ///   - vfs: the name of a registered SQLite VFS; nil for the system's.
    ///   - busyTimeout: how long a statement waits for the lock of another connection before it fails with `isBusy`.
    public init(path: String, mode: Mode, vfs: String? = nil, busyTimeout: Duration = .seconds(5)) throws(SQLiteError) {
        self.path = path
        if mode == .readWriteCreate, vfs == nil, path != ":memory:" {
            // SQLite would create it 0644; log and shared memory inherit the mode. O_EXCL, because closing a descriptor of a file
            // that is open elsewhere in this process would drop SQLite's POSIX locks. A failure here is SQLite's to report.
            let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
            if descriptor >= 0 { close(descriptor) }
        }
        var opened: OpaquePointer?
        let flags = mode.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &opened, flags, vfs)
        guard result == SQLITE_OK, let opened else {
            let error = Self.error(opened, result, sql: nil, path: path, isOpening: true)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        sqlite3_busy_timeout(handle, Int32(clamping: Int64(busyTimeout / .milliseconds(1))))
    }

    deinit {
        sqlite3_finalize(beginStatement)
        sqlite3_finalize(commitStatement)
        sqlite3_finalize(rollbackStatement)
        // Every SQLiteStatement keeps its connection, so none is left here; the last connection of a file checkpoints its log.
        sqlite3_close_v2(handle)
    }

    // MARK: Statements

    /// Compiles one statement to be kept and used many times.
    ///
    /// - Throws: the error of the compilation; also where `sql` holds no statement, or more than one.
    public func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        SQLiteStatement(connection: self, handle: try compile(sql))
    }

    /// Runs one or more statements without results worth reading.
    public func execute(_ sql: String) throws(SQLiteError) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        if result != SQLITE_OK { throw error(result, sql: sql) }
    }

    /// The first column of the first row of a query that is needed once, as an integer; nil without a row or for NULL.
    public func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        guard try statement.step() else { return nil }
        let value = statement.optionalInteger(0)
        // To its end: a pragma that writes does so only after its row, and its failure is not to be missed.
        try statement.run()
        return value
    }

    /// The same as text.
    public func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try prepare(sql)
        guard try statement.step() else { return nil }
        let value = statement.optionalText(0)
        try statement.run()
        return value
    }

    /// The rowid of the last row this connection inserted.
    public var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// The number of rows the last `INSERT`, `UPDATE` or `DELETE` changed.
    public var changes: Int { Int(sqlite3_changes64(handle)) }

    // MARK: Transactions

    /// Whether a transaction is open. SQLite ends one by itself on some errors (full disk, failed write).
    public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// `BEGIN IMMEDIATE`: takes the write lock at once, so that no later statement fails for want of it.
    public func begin() throws(SQLiteError) { try run(&beginStatement, "BEGIN IMMEDIATE") }

    /// On an error the transaction may still be open (busy) or gone (full disk): `rollback()` is right after either.
    public func commit() throws(SQLiteError) { try run(&commitStatement, "COMMIT") }

    /// Does nothing where no transaction is open.
    public func rollback() throws(SQLiteError) {
        if isInTransaction { try run(&rollbackStatement, "ROLLBACK") }
    }

    /// Runs `body` in an immediate transaction: committed if it returns, rolled back if it or the commit throws.
    public func transaction<Success>(_ body: () throws(SQLiteError) -> Success) throws(SQLiteError) -> Success {
        try transaction(orThrow: { $0 }, body)
    }

    /// The same for a body with errors of its own.
    ///
    /// - Parameter convert: what SQLite's errors from begin and commit become.
    public func transaction<Success, Failure: Error>(
        orThrow convert: (SQLiteError) -> Failure, _ body: () throws(Failure) -> Success
    ) throws(Failure) -> Success {
        do { try begin() } catch { throw convert(error) }
        let success: Success
        do {
            success = try body()
        } catch {
            rollbackAfterError()
            throw error
        }
        do {
            try commit()
        } catch {
            rollbackAfterError()
            throw convert(error)
        }
        return success
    }

    private func rollbackAfterError() {
        // The error that led here is the one to report; where the rollback fails too, SQLite rolls back before the next statement.
        try? rollback()
    }

    // MARK: The log

    /// Counts the log from now on. SQLite then checkpoints by itself no more, whatever `walAutocheckpointPages` says: that is the
    /// caller's to do (`checkpoint`), who can be stricter.
    public func countLog() {
        let length = LogLength()
        logLength = length
        let pointer = Unmanaged.passUnretained(length).toOpaque()
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                if let context { Unmanaged<LogLength>.fromOpaque(context).takeUnretainedValue().pages = Int(pages) }
                return SQLITE_OK
            }, pointer)
    }

    /// The pages of the log after the last commit of this connection, since `countLog`.
    public var logPages: Int { logLength?.pages ?? 0 }

    /// What SQLite's hook writes to; it lives as long as the connection.
    private final class LogLength {
        var pages = 0
    }

    // MARK: Internals

    private func run(_ cached: inout OpaquePointer?, _ sql: String) throws(SQLiteError) {
        if cached == nil { cached = try compile(sql) }
        let result = sqlite3_step(cached)
        if result == SQLITE_DONE {
            sqlite3_reset(cached)
        } else {
            let failure = error(result, sql: sql)
            sqlite3_reset(cached)
            throw failure
        }
    }

    private func compile(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        var sql = sql
        let (statement, result, isSingle) = sql.withUTF8 { text -> (OpaquePointer?, Int32, Bool) in
            text.withMemoryRebound(to: CChar.self) { text -> (OpaquePointer?, Int32, Bool) in
                var statement: OpaquePointer?
                var tail: UnsafePointer<CChar>?
                let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
                let result = sqlite3_prepare_v3(handle, text.baseAddress, Int32(text.count), flags, &statement, &tail)
                guard result == SQLITE_OK, let start = text.baseAddress, let tail else { return (statement, result, true) }
                let rest = text[(tail - start)...]
                return (statement, result, rest.allSatisfy { [0x09, 0x0A, 0x0D, 0x20, 0x3B].contains($0) })
            }
        }
        guard result == SQLITE_OK else { throw error(result, sql: sql) }
        guard let statement, isSingle else {
            sqlite3_finalize(statement)
            throw SQLiteError(extendedCode: SQLITE_MISUSE, message: "not exactly one statement", sql: sql)
        }
        return statement
    }

    func error(_ result: Int32, sql: String?) -> SQLiteError {
        Self.error(handle, result, sql: sql, path: path, isOpening: false)
    }

    private static func error(_ handle: OpaquePointer?, _ result: Int32, sql: String?, path: String, isOpening: Bool) -> SQLiteError {
        var message = String(cString: handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(result))
        if isOpening { message = "\(path): \(message)" }
        // sqlite3_system_errno() keeps the number of an older error; it says something about these codes only.
        let fromSystem = [SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_FULL].contains(result & 0xFF)
        let number = fromSystem ? handle.map { sqlite3_system_errno($0) } ?? 0 : 0
        return SQLiteError(extendedCode: result, systemErrorNumber: number, message: message, sql: sql, path: path)
    }
}
