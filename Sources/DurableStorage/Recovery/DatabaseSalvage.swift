import MailVocabulary

/// Copies what can be read of a damaged database into a new one, row by row. The damaged file is read only.
///
/// Memory grows with the keys of the largest table.
public final class DatabaseSalvage {
    public let target: SQLiteConnection
    private let source: SQLiteConnection

    /// Whether the damaged file's first page, with the schema in it, could not be read, and that of a new database stands in for it.
    public let isFirstPageReplaced: Bool

    /// Opens the damaged database, and makes the new one with the same schema.
    ///
    /// - Parameters:
    ///   - path: the damaged database; its log is read with it.
    ///   - newPath: must not exist.
    ///   - scratchPath: for a copy of the damaged file, where its first page must be replaced; must not exist, and is the caller's to remove.
    ///   - pageSize: of the databases of this kind, in octets.
    ///   - migrations: all that this program knows.
    /// - Throws: `SQLiteError`, `SchemaError` for the database of a newer release, `FileError` of the copy.
    public init(
        of path: String, into newPath: String, scratchPath: String, pageSize: ByteCount, migrations: [SchemaMigration],
        fileSystem: any FileSystem
    ) throws {
        let (opened, version) = try Self.open(path, migrations)
        let known = version > 0 ? version : migrations.count
        target = try SQLiteConnection(path: newPath, mode: .readWriteCreate)
        // One file without a log: it is moved into its place as a whole.
        try target.execute(
            "PRAGMA page_size = \(pageSize.bytes); PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF")
        try target.migrate(to: Array(migrations.prefix(known)))
        if let opened {
            (source, isFirstPageReplaced) = (opened, false)
        } else {
            try Self.copy(path, to: scratchPath, withFirstPageOf: newPath, pageSize: pageSize.bytes, fileSystem)
            (source, isFirstPageReplaced) = (try SQLiteConnection(path: scratchPath, mode: .readWrite), true)
        }
    }

    /// The damaged database and its schema's version; nil where its first page cannot be read, or names no schema.
    private static func open(_ path: String, _ migrations: [SchemaMigration]) throws -> (SQLiteConnection?, version: Int) {
        do {
            let connection = try SQLiteConnection(path: path, mode: .readOnly)
            let version = try connection.refuseNewer(than: migrations.count)
            // Reads the schema.
            let tables = try connection.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'") ?? 0
            return version > 0 && tables > 0 ? (connection, version) : (nil, 0)
        } catch let error as SQLiteError where error.isCorrupt {
            return (nil, 0)
        } catch SchemaError.sqlite(let error) where error.isCorrupt {
            return (nil, 0)
        } catch SchemaError.newerThanProgram(let path, let found, let supported) {
            // Random octets in place of the number are damage; a release adds a few versions, not a thousand.
            guard (0...supported + 1000).contains(found) else { return (nil, 0) }
            throw SchemaError.newerThanProgram(path: path, found: found, supported: supported)
        }
    }

    /// A database of the same schema has its tables at the same pages, since they were made in the same order.
    private static func copy(
        _ path: String, to copy: String, withFirstPageOf model: String, pageSize: Int, _ fileSystem: any FileSystem
    ) throws {
        var first = try fileSystem.open(model).readAll(limit: pageSize)
        guard first.count == pageSize else { return }
        let hasLog = try fileSystem.status(of: "\(path)-wal").map { $0.size > 0 } ?? false
        let pages = UInt32(clamping: (try fileSystem.status(of: path)?.size ?? 0) / pageSize)
        // Octets 18 and 19: whether there is a log; 28 to 31: the size in pages; 32 to 39: no free pages, which nobody reads here
        // (https://www.sqlite.org/fileformat2.html#the_database_header).
        first[18] = hasLog ? 2 : 1
        first[19] = first[18]
        for (place, octet) in withUnsafeBytes(of: pages.bigEndian, Array.init).enumerated() { first[28 + place] = octet }
        for place in 32..<40 { first[place] = 0 }
        try write(first, thenRestOf: path, to: copy, fileSystem)
        if hasLog { try write([], thenRestOf: "\(path)-wal", to: "\(copy)-wal", fileSystem) }
    }

    /// Copies a file with other octets at its beginning.
    private static func write(
        _ beginning: [UInt8], thenRestOf path: String, to copy: String, _ fileSystem: any FileSystem
    ) throws(FileError) {
        let source = try fileSystem.open(path)
        let file = try fileSystem.create(copy)
        try file.write(beginning)
        var offset = beginning.count
        while true {
            var octets = [UInt8](repeating: 0, count: 1 << 20)
            let count = try octets.withUnsafeMutableBufferPointer { buffer throws(FileError) in
                try source.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            }
            if count == 0 { break }
            octets.removeLast(octets.count - count)
            try file.write(octets)
            offset += count
        }
        try file.close()
        try source.close()
    }

    // MARK: Rows

    /// Copies the rows of a table that can be read.
    ///
    /// - Throws: where the new database cannot be written.
    public func copy(_ table: SalvageTable) throws -> SalvageCount {
        var count = SalvageCount()
        let columns = try columns(of: table.name)
        let keys = keys(of: table)
        let names = columns.joined(separator: ", ")
        let condition = table.key.map { "\($0) = ?" }.joined(separator: " AND ")
        // A row on a good page is put beside one that is there already by the new database's own rows, such as a secret.
        let insert = try target.prepare(
            "INSERT OR REPLACE INTO \(table.name) (\(names)) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))")
        // A table that cannot be read has no rows.
        let whole = try? source.prepare("SELECT \(names) FROM \(table.name) WHERE \(condition)")
        let rest =
            table.substitutes.isEmpty
            ? nil
            : try? source.prepare(  // The same.
                "SELECT \(columns.map { table.substitutes[$0] ?? $0 }.joined(separator: ", ")) FROM \(table.name) WHERE \(condition)")
        try target.begin()
        for key in keys {
            if let whole, try copy(key, whole, insert, width: columns.count) {
                count.saved += 1
            } else if let rest, try copy(key, rest, insert, width: columns.count) {
                count.saved += 1
                count.impaired += 1
            } else {
                count.lost += 1
            }
        }
        try target.commit()
        return count
    }

    /// Whether the row is there, can be read, and is one that the table takes.
    private func copy(_ key: [SQLiteValue], _ select: SQLiteStatement, _ insert: SQLiteStatement, width: Int) throws(SQLiteError) -> Bool {
        defer { select.reset() }
        do throws(SQLiteError) {
            for (index, value) in key.enumerated() { try select.bind(value, at: index + 1) }
            guard try select.step() else { return false }
            for column in 0..<width { try insert.bind(select.value(column), at: column + 1) }
        } catch {
            return false
        }
        defer { insert.reset() }
        do throws(SQLiteError) {
            try insert.run()
            return true
        } catch {
            // Octets that are no row of this table.
            guard error.isConstraintViolation else { throw error }
            return false
        }
    }

    private func columns(of table: String) throws -> [String] {
        let statement = try target.prepare("SELECT name FROM pragma_table_info('\(table)')")
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }

    /// Every key that any source names.
    private func keys(of table: SalvageTable) -> [[SQLiteValue]] {
        var known: Set<[SQLiteValue]> = []
        var keys: [[SQLiteValue]] = []
        for source in table.sources {
            for direction in ["ASC", "DESC"] {
                let order = source.order.map { "\($0) \(direction)" }.joined(separator: ", ")
                if read("\(source.query) ORDER BY \(order)", width: table.key.count, { if known.insert($0).inserted { keys.append($0) } }) {
                    break
                }
            }
        }
        return keys
    }

    /// Visits the rows of a query up to the first that cannot be read.
    ///
    /// - Returns: whether that was the end.
    private func read(_ query: String, width: Int, _ visit: ([SQLiteValue]) -> Void) -> Bool {
        do throws(SQLiteError) {
            let statement = try source.prepare(query)
            while try statement.step() { visit((0..<width).map { statement.value($0) }) }
            return true
        } catch {
            return false
        }
    }

    /// The first column of every row that can be read, from both ends.
    public func integers(_ query: String, by order: String) -> Set<Int64> {
        var found: Set<Int64> = []
        for direction in ["ASC", "DESC"] {
            let isWhole = read("\(query) ORDER BY \(order) \(direction)", width: 1) {
                if case .integer(let number) = $0[0] { found.insert(number) }
            }
            if isWhole { break }
        }
        return found
    }
}
