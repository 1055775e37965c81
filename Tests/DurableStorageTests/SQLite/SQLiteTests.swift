import DurableStorage
import Glibc
import MailVocabulary
import Testing

/// A folder of one test, removed with it.
final class SQLiteTestFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/postern-sqlite-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        for file in ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"] { unlink("\(path)/\(file)") }
        rmdir(path)
    }

    func open(_ mode: SQLiteConnection.Mode = .readWriteCreate, busyTimeout: Duration = .zero) throws -> SQLiteConnection {
        try SQLiteConnection(path: "\(path)/a.sqlite", mode: mode, busyTimeout: busyTimeout)
    }
}

@Suite("A SQLite connection")
struct SQLiteTests {
    @Test("every type of value comes back as it was bound, empty text and empty blob are not NULL")
    func roundTrip() throws {
        let connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
        try connection.execute("CREATE TABLE t (a, b, c, d, e, f, g)")
        let insert = try connection.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)")
        try insert.bind(Int64.min, at: 1)
        try insert.bind(0.5, at: 2)
        try insert.bind("Grüße", at: 3)
        try insert.bind([0, 255, 7], at: 4)
        try insert.bindNull(at: 5)
        try insert.bind("", at: 6)
        try insert.bind([UInt8](), at: 7)
        try insert.run()
        #expect(connection.changes == 1)
        #expect(connection.lastInsertRowID == 1)
        let select = try connection.prepare("SELECT * FROM t")
        #expect(try select.step())
        #expect(select.integer(0) == .min)
        #expect(select.double(1) == 0.5)
        #expect(select.text(2) == "Grüße")
        #expect(select.blob(3) == [0, 255, 7])
        #expect(select.withBlob(3) { $0.count } == 3)
        #expect(select.isNull(4) && select.optionalText(4) == nil && select.optionalInteger(4) == nil)
        #expect(select.optionalText(5) == "")
        #expect(select.optionalBlob(6) == [])
        #expect(try !select.step())
    }

    @Test("a blob bound without copying is read where it is")
    func withoutCopying() throws {
        let connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
        try connection.execute("CREATE TABLE t (a BLOB)")
        let insert = try connection.prepare("INSERT INTO t VALUES (?)")
        let bytes = [UInt8](repeating: 42, count: 70_000)
        try bytes.withUnsafeBytes { buffer in
            try insert.bindWithoutCopying(buffer, at: 1)
            try insert.run()
            try insert.bindNull(at: 1)
        }
        #expect(try connection.integer("SELECT length(a) FROM t") == 70_000)
    }

    @Test("an error names its code and its statement, and the statement can be used again")
    func errors() throws {
        let connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
        try connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
        let insert = try connection.prepare("INSERT INTO t VALUES (?)")
        try insert.bind(1 as Int64, at: 1)
        try insert.run()
        let error = #expect(throws: SQLiteError.self) { try insert.run() }
        #expect(error?.isConstraintViolation == true)
        #expect(error?.extendedCode == 1555)
        #expect(error?.sql == "INSERT INTO t VALUES (?)")
        try insert.bind(2 as Int64, at: 1)
        try insert.run()
        #expect(throws: SQLiteError.self) { try connection.prepare("SELEC") }
        #expect(throws: SQLiteError.self) { try connection.prepare("SELECT 1; SELECT 2") }
        #expect(throws: SQLiteError.self) { try connection.prepare("  ") }
        #expect(throws: SQLiteError.self) { try insert.bind(1 as Int64, at: 2) }
    }

    @Test("a transaction commits what returned and rolls back what threw, also with an error of its own")
    func transactions() throws {
        struct Refusal: Error {}
        let connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
        try connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
        try connection.transaction { () throws(SQLiteError) in try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(throws: SQLiteError.self) {
            try connection.transaction { () throws(SQLiteError) in
                try connection.execute("INSERT INTO t VALUES (2)")
                try connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(throws: Refusal.self) {
            let refuse: (SQLiteError) -> Refusal = { _ in Refusal() }
            try connection.transaction(orThrow: refuse) { () throws(Refusal) in
                do { try connection.execute("INSERT INTO t VALUES (3)") } catch { Issue.record(error) }
                throw Refusal()
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try connection.integer("SELECT count(*) FROM t") == 1)
        try connection.rollback()
    }

    @Test("a second writer is told that the database is busy")
    func busy() throws {
        let folder = try SQLiteTestFolder()
        let (first, second) = (try folder.open(), try folder.open())
        try first.apply(SQLiteSettings())
        try second.apply(SQLiteSettings())
        try first.begin()
        let error = #expect(throws: SQLiteError.self) { try second.begin() }
        #expect(error?.isBusy == true)
        try first.commit()
        try second.begin()
        try second.rollback()
    }

    @Test("a full database is told apart from other errors, and takes writes again when there is room")
    func full() throws {
        let folder = try SQLiteTestFolder()
        let connection = try folder.open()
        try connection.apply(SQLiteSettings())
        try connection.execute("CREATE TABLE t (a BLOB); PRAGMA max_page_count = 16")
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction { () throws(SQLiteError) in try connection.execute("INSERT INTO t VALUES (zeroblob(100000))") }
        }
        #expect(error?.isFull == true)
        #expect(error?.isBusy == false)
        #expect(!connection.isInTransaction)
        try connection.execute("PRAGMA max_page_count = 1000; INSERT INTO t VALUES (zeroblob(100000))")
        #expect(try connection.integrityProblems() == [])
        #expect(SQLiteError(extendedCode: 1034, systemErrorNumber: ENOSPC, message: "").isFull)
        #expect(!SQLiteError(extendedCode: 1034, systemErrorNumber: EIO, message: "").isFull)
    }

    @Test("the settings are in force, and a new file is readable for its owner only")
    func settings() throws {
        let folder = try SQLiteTestFolder()
        let connection = try folder.open()
        try connection.apply(SQLiteSettings(pageSize: .kibibytes(8), walAutocheckpointPages: 500))
        for (pragma, value) in [
            ("synchronous", 2), ("wal_autocheckpoint", 500), ("foreign_keys", 1), ("page_size", 8192), ("cache_size", -2048),
            ("journal_size_limit", 64 << 20),
        ] {
            #expect(try connection.integer("PRAGMA \(pragma)") == Int64(value), "\(pragma)")
        }
        #expect(try connection.text("PRAGMA journal_mode") == "wal")
        try connection.execute("CREATE TABLE t (a)")
        let (logPages, written) = try connection.checkpoint(.passive)
        #expect(logPages == written)
        for file in ["a.sqlite", "a.sqlite-wal"] {
            var status = stat()
            #expect(stat("\(folder.path)/\(file)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test("a read-only connection reads and refuses to write; a missing file is an error that names it")
    func modes() throws {
        let folder = try SQLiteTestFolder()
        let missing = #expect(throws: SQLiteError.self) { try folder.open(.readWrite) }
        #expect(missing?.message.contains("a.sqlite") == true)
        let writer = try folder.open()
        try writer.apply(SQLiteSettings())
        try writer.execute("CREATE TABLE t (a); INSERT INTO t VALUES (7)")
        let reader = try folder.open(.readOnly)
        #expect(try reader.integer("SELECT a FROM t") == 7)
        #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO t VALUES (8)") }
    }

    @Test("a file that is no database is reported as corrupt")
    func notADatabase() throws {
        let folder = try SQLiteTestFolder()
        let file = fopen("\(folder.path)/a.sqlite", "w")
        fputs(String(repeating: "this is a letter, not a database\n", count: 100), file)
        fclose(file)
        let connection = try folder.open()
        let error = #expect(throws: SQLiteError.self) { try connection.apply(SQLiteSettings()) }
        #expect(error?.isCorrupt == true)
    }
}

@Suite("Schema migrations")
struct SchemaMigrationTests {
    private let first = SchemaMigration(version: 1, statements: ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"])
    private let second = SchemaMigration(version: 2, statements: ["ALTER TABLE t ADD COLUMN b"])

    @Test("only the missing steps run, and the version stays over a reopening")
    func steps() throws {
        let folder = try SQLiteTestFolder()
        #expect(try folder.open().migrate(to: [first]) == 0)
        #expect(try folder.open().migrate(to: [first, second]) == 1)
        let connection = try folder.open()
        #expect(try connection.migrate(to: [first, second]) == 2)
        #expect(try connection.integer("SELECT count(*) FROM t WHERE b IS NULL") == 1)
    }

    @Test("a database of a newer program is refused in words, and left alone")
    func newer() throws {
        let connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
        try connection.execute("PRAGMA user_version = 3")
        let error = #expect(throws: SchemaError.self) { try connection.migrate(to: [first, second]) }
        #expect(error == .newerThanProgram(path: ":memory:", found: 3, supported: 2))
        #expect(error.map { "\($0)" }?.contains("a newer release wrote it") == true)
        #expect(try connection.integer("SELECT count(*) FROM sqlite_schema") == 0)
    }

    @Test("a step that fails leaves the database at the step before")
    func failing() throws {
        let connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
        let broken = SchemaMigration(version: 2, statements: ["INSERT INTO t VALUES (2)", "no SQL"])
        #expect(throws: SchemaError.self) { try connection.migrate(to: [first, broken]) }
        #expect(try connection.schemaVersion() == 1)
        #expect(try connection.integer("SELECT count(*) FROM t") == 1)
        #expect(!connection.isInTransaction)
    }
}
