import CSQLite

#if canImport(Glibc)
    import Glibc
#endif

/// What SQLite said when it could not do what was asked (https://www.sqlite.org/rescode.html).
public struct SQLiteError: Error, Hashable, Sendable {
    /// The primary result code: `SQLITE_FULL`, `SQLITE_BUSY`, …
    public let code: Int32
    /// The extended result code, of which the primary one is the low octet: `SQLITE_IOERR_FSYNC`, …
    public let extendedCode: Int32
    /// The `errno` of the system call that failed, or 0 where none did.
    public let systemErrorNumber: Int32
    /// SQLite's own sentence.
    public let message: String
    /// The statement that failed, where there was one. Its bound values are not in it.
    public let sql: String?
    /// The file of the database, where it is known.
    public let path: String?

    /// - Parameter extendedCode: a primary or an extended result code.
    public init(extendedCode: Int32, systemErrorNumber: Int32 = 0, message: String, sql: String? = nil, path: String? = nil) {
        code = extendedCode & 0xFF
        (self.extendedCode, self.systemErrorNumber) = (extendedCode, systemErrorNumber)
        (self.message, self.sql, self.path) = (message, sql, path)
    }

    /// The disk or the quota is full, or the database reached its largest size: the same may succeed when space returns.
    public var isFull: Bool {
        code == SQLITE_FULL || (code == SQLITE_IOERR && (systemErrorNumber == ENOSPC || systemErrorNumber == EDQUOT))
    }

    /// A read, write or sync failed in the file system.
    public var isIOError: Bool { code == SQLITE_IOERR }

    /// Another connection holds the lock, and the busy timeout ran out.
    public var isBusy: Bool { code == SQLITE_BUSY || code == SQLITE_LOCKED }

    /// The file is damaged, or is no database at all.
    public var isCorrupt: Bool { code == SQLITE_CORRUPT || code == SQLITE_NOTADB }

    /// A `UNIQUE`, `CHECK`, `NOT NULL` or foreign key constraint refused the change.
    public var isConstraintViolation: Bool { code == SQLITE_CONSTRAINT }
}

extension SQLiteError: CustomStringConvertible {
    public var description: String {
        var text = "SQLite error \(extendedCode): \(message)"
        if systemErrorNumber != 0 { text += " (\(String(cString: strerror(systemErrorNumber))))" }
        if let sql { text += ", in: \(sql)" }
        guard isCorrupt, let path else { return text }
        // What a person does about it: SQLite's own sentence names neither the file nor a way out.
        let recovery = StateFolder.Database(path: path).map {
            "stop the core and run `postern recover \($0.rawValue)`, which saves what can be read, or restore a backup"
        }
        return "\(path) is damaged (\(text)): \(recovery ?? "restore a backup")"
    }
}
