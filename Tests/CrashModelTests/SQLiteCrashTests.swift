import CrashModel
import DurableStorage
import MailVocabulary
import Testing

@Suite("The crash model over SQLite")
struct SQLiteCrashTests {
    /// Inserts rows one by one, and says after each commit that it is there.
    private func insertRows(_ recorder: StorageRecorder, _ settings: SQLiteSettings, rows: Int, checkpointEvery: Int) throws {
        let connection = try SQLiteConnection(path: recorder.root + "/rows.sqlite", mode: .readWriteCreate, vfs: recorder.vfsName)
        try connection.apply(settings)
        try connection.migrate(to: [SchemaMigration(version: 1, statements: ["CREATE TABLE row (id INTEGER PRIMARY KEY, content BLOB)"])])
        let insert = try connection.prepare("INSERT INTO row VALUES (?, ?)")
        for row in 1...rows {
            try connection.transaction { () throws(SQLiteError) in
                try insert.bind(row, at: 1)
                try insert.bind([UInt8](repeating: UInt8(row), count: 700 * row), at: 2)
                try insert.run()
            }
            recorder.mark("\(row)")
            if row % checkpointEvery == 0 { try connection.checkpoint(.truncate) }
        }
    }

    private func requireRows(_ crashed: CrashedStorage) throws {
        let path = crashed.folder + "/rows.sqlite"
        guard !crashed.marks.isEmpty || crashed.image.paths.contains("rows.sqlite") else { return }
        let connection = try SQLiteConnection(path: path, mode: .readWriteCreate)
        try connection.apply(SQLiteSettings())
        let problems = try connection.integrityProblems()
        if !problems.isEmpty { throw CrashViolation("damaged: \(problems[0])") }
        for mark in crashed.marks {
            let row = try #require(Int(mark))
            let content = try connection.text("SELECT length(content) || ' ' || hex(substr(content, 1, 1)) FROM row WHERE id = \(row)")
            let hex = String(row, radix: 16, uppercase: true)
            guard content == "\(700 * row) \(row < 16 ? "0" : "")\(hex)" else { throw CrashViolation("row \(row): \(content ?? "gone")") }
        }
    }

    @Test("with synchronous=FULL no row is lost that was committed, wherever the power goes")
    func full() async throws {
        let report = try await CrashExplorer(points: .all, policies: CrashPolicy.standard(seeded: 6)).run {
            try insertRows($0, SQLiteSettings(pageSize: ByteCount(1024)), rows: 6, checkpointEvery: 3)
        } recover: {
            try requireRows($0)
        }
        #expect(report.failures.isEmpty, "\(report)")
        #expect(report.images > 200)
    }

    @Test(
        "with synchronous=OFF, and with NORMAL, it finds the committed row that is lost",
        arguments: [SQLiteSettings.Synchronous.off, .normal])
    func notFull(synchronous: SQLiteSettings.Synchronous) async throws {
        let report = try await CrashExplorer(points: .all, policies: CrashPolicy.standard(seeded: 2), maximumFailures: 3).run {
            try insertRows($0, SQLiteSettings(synchronous: synchronous), rows: 4, checkpointEvery: 100)
        } recover: {
            try requireRows($0)
        }
        #expect(!report.failures.isEmpty, "\(report)")
    }

    @Test("where any one write, sync, opening, truncation or deletion fails, no committed row is lost, and the next insert works")
    func eachStepFailsOnce() async throws {
        let (runs, failures) = try await FaultExplorer().run { recorder, _ in
            // The program's answer to an error: give the connection up, and open it again.
            var next = 1
            var attempts = 0
            while next <= 4 {
                attempts += 1
                guard attempts < 10 else { throw CrashViolation("one fault, and it never works again") }
                do {
                    let connection = try SQLiteConnection(
                        path: recorder.root + "/rows.sqlite", mode: .readWriteCreate, vfs: recorder.vfsName)
                    // To its end: the change to WAL is committed, and may fail, after the pragma has given its row. A connection
                    // that goes on without WAL deletes its journals without a sync of the folder, and a power loss that brings one
                    // back takes the last commit away.
                    try connection.prepare("PRAGMA journal_mode = WAL").run()
                    try connection.apply(SQLiteSettings())
                    try connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, content BLOB)")
                    while next <= 4 {
                        // OR REPLACE: a commit that failed may have happened.
                        let octets = String(repeating: "0\(next)", count: 700 * next)
                        try connection.execute("INSERT OR REPLACE INTO row VALUES (\(next), x'\(octets)')")
                        recorder.mark("\(next)")
                        next += 1
                        if next == 3 { try connection.checkpoint(.truncate) }
                    }
                } catch is SQLiteError {
                } catch is SchemaError {
                }
            }
        } recover: {
            try requireRows($0)
        }
        #expect(runs > 40)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }
}
