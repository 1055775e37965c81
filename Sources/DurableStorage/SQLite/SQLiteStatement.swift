import CSQLite

/// One compiled statement with its bound values and, while it runs, its current row.
///
/// Parameters count from 1, columns from 0, as in SQLite. Bindings stay until they are replaced, also over `reset()`.
public final class SQLiteStatement {
    private let connection: SQLiteConnection
    private let handle: OpaquePointer

    init(connection: SQLiteConnection, handle: OpaquePointer) { (self.connection, self.handle) = (connection, handle) }

    deinit { sqlite3_finalize(handle) }

    /// The statement's text, with its parameters as `?`.
    public var sql: String { sqlite3_sql(handle).map { String(cString: $0) } ?? "" }

    // MARK: Running

    /// Advances to the next row.
    ///
    /// - Returns: whether there is a row. After false the statement is at its start again and holds no lock.
    /// - Throws: SQLite's error; the statement is at its start again.
    public func step() throws(SQLiteError) -> Bool {
        let result = sqlite3_step(handle)
        if result == SQLITE_ROW { return true }
        if result == SQLITE_DONE {
            sqlite3_reset(handle)
            return false
        }
        let failure = connection.error(result, sql: sql)
        sqlite3_reset(handle)
        throw failure
    }

    /// Runs a statement to its end and ignores the rows.
    public func run() throws(SQLiteError) {
        while try step() {}
    }

    /// Goes back to the start, and lets go of the row and its lock. A query left before its last row needs this.
    public func reset() { sqlite3_reset(handle) }

    /// Sets every parameter to NULL.
    public func clearBindings() { sqlite3_clear_bindings(handle) }

    // MARK: Parameters

    public func bind(_ value: Int64, at index: Int) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, Int32(index), value))
    }

    public func bind(_ value: Int, at index: Int) throws(SQLiteError) { try bind(Int64(value), at: index) }

    public func bind(_ value: Bool, at index: Int) throws(SQLiteError) { try bind(value ? 1 : 0 as Int64, at: index) }

    public func bind(_ value: Double, at index: Int) throws(SQLiteError) {
        try check(sqlite3_bind_double(handle, Int32(index), value))
    }

    public func bind(_ value: String, at index: Int) throws(SQLiteError) {
        var value = value
        let result = value.withUTF8 { text -> Int32 in
            // A nil pointer would bind NULL, not the empty text.
            guard let start = text.baseAddress, !text.isEmpty else {
                return sqlite3_bind_text64(handle, Int32(index), "", 0, transient, UInt8(SQLITE_UTF8))
            }
            return start.withMemoryRebound(to: CChar.self, capacity: text.count) {
                sqlite3_bind_text64(handle, Int32(index), $0, UInt64(text.count), transient, UInt8(SQLITE_UTF8))
            }
        }
        try check(result)
    }

    /// Binds a copy of the octets.
    public func bind(_ value: [UInt8], at index: Int) throws(SQLiteError) {
        try check(value.withUnsafeBytes { bindBlob($0, at: index, transient) })
    }

    /// Binds a copy of the octets.
    public func bind(_ value: UnsafeRawBufferPointer, at index: Int) throws(SQLiteError) {
        try check(bindBlob(value, at: index, transient))
    }

    /// Binds the octets where they are: no copy, so they must stay where they are until the parameter is bound anew, or
    /// the statement is gone. Bind NULL before they go.
    public func bindWithoutCopying(_ value: UnsafeRawBufferPointer, at index: Int) throws(SQLiteError) {
        try check(bindBlob(value, at: index, nil))
    }

    /// Binds NULL.
    public func bindNull(at index: Int) throws(SQLiteError) { try check(sqlite3_bind_null(handle, Int32(index))) }

    /// Binds the value, or NULL without one.
    public func bind(_ value: Int64?, at index: Int) throws(SQLiteError) {
        if let value { try bind(value, at: index) } else { try bindNull(at: index) }
    }

    /// Binds the text, or NULL without one.
    public func bind(_ value: String?, at index: Int) throws(SQLiteError) {
        if let value { try bind(value, at: index) } else { try bindNull(at: index) }
    }

    private func bindBlob(_ bytes: UnsafeRawBufferPointer, at index: Int, _ lifetime: sqlite3_destructor_type?) -> Int32 {
        // A nil pointer would bind NULL, not the empty blob.
        bytes.isEmpty
            ? sqlite3_bind_zeroblob(handle, Int32(index), 0)
            : sqlite3_bind_blob64(handle, Int32(index), bytes.baseAddress, UInt64(bytes.count), lifetime)
    }

    /// `SQLITE_TRANSIENT`: SQLite copies the value before the call returns. C writes it as the function at address -1.
    private var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func check(_ result: Int32) throws(SQLiteError) {
        if result != SQLITE_OK { throw connection.error(result, sql: sql) }
    }

    // MARK: Columns of the current row

    /// `SQLITE_INTEGER`, `SQLITE_TEXT`, …
    func type(_ column: Int) -> Int32 { sqlite3_column_type(handle, Int32(column)) }

    public func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    /// 0 for NULL.
    public func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

    public func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    /// 0 for NULL.
    public func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }

    /// Anything but zero and NULL.
    public func boolean(_ column: Int) -> Bool { integer(column) != 0 }

    /// Empty for NULL. Octets that are no UTF-8 become U+FFFD.
    public func text(_ column: Int) -> String { withText(column) { String(decoding: $0, as: UTF8.self) } }

    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    /// A copy; empty for NULL.
    public func blob(_ column: Int) -> [UInt8] { withBlob(column) { Array($0) } }

    public func optionalBlob(_ column: Int) -> [UInt8]? { isNull(column) ? nil : blob(column) }

    /// The octets in SQLite's own memory, valid inside `body` only; empty for NULL.
    public func withBlob<Success, Failure: Error>(
        _ column: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Success
    ) throws(Failure) -> Success {
        // The pointer first, then the count: the other order may count a value that is converted afterwards.
        let start = sqlite3_column_blob(handle, Int32(column))
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    /// The UTF-8 of a text in SQLite's own memory, valid inside `body` only; empty for NULL.
    public func withText<Success, Failure: Error>(
        _ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Success
    ) throws(Failure) -> Success {
        let start = sqlite3_column_text(handle, Int32(column))
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return try body(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}
