/// One step in the life of a database's schema. Steps that were released never change; a new one is added instead.
public struct SchemaMigration: Sendable {
    /// The `user_version` of the database after this step; the first is 1, each later one is one more.
    public let version: Int
    /// SQL, run in this order in one transaction.
    public let statements: [String]

    public init(version: Int, statements: [String]) { (self.version, self.statements) = (version, statements) }
}

/// Why a database cannot be brought to the schema of this program.
public enum SchemaError: Error, Hashable, Sendable {
    /// A newer program wrote it; this one would not understand it, and has not touched it.
    case newerThanProgram(path: String, found: Int, supported: Int)
    case sqlite(SQLiteError)
}

extension SchemaError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .newerThanProgram(let path, let found, let supported):
            "\(path) has schema version \(found), this program knows versions up to \(supported): a newer release wrote it; "
                + "start that release, or restore a copy from before the upgrade"
        case .sqlite(let error): error.description
        }
    }
}

extension SQLiteConnection {
    /// The `user_version` of the file: 0 for a new one.
    public func schemaVersion() throws(SQLiteError) -> Int { Int(try integer("PRAGMA user_version") ?? 0) }

    /// Checks, without touching the file, that this program knows its schema.
    ///
    /// - Parameter supported: the last version this program knows.
    /// - Returns: the version found.
    @discardableResult
    public func refuseNewer(than supported: Int) throws(SchemaError) -> Int {
        let found: Int
        do { found = try schemaVersion() } catch { throw .sqlite(error) }
        guard (0...supported).contains(found) else { throw .newerThanProgram(path: path, found: found, supported: supported) }
        return found
    }

    /// Brings the database to the last of the migrations, each missing step in an immediate transaction of its own.
    ///
    /// A step that fails leaves the database at the step before.
    /// - Parameter migrations: versions 1, 2, 3, … without a gap.
    /// - Returns: the version found before.
    @discardableResult
    public func migrate(to migrations: [SchemaMigration]) throws(SchemaError) -> Int {
        precondition(migrations.map(\.version) == Array(1..<(migrations.count + 1)), "schema versions count from 1 without a gap")
        let toSchemaError = { (error: SQLiteError) -> SchemaError in .sqlite(error) }
        let before = try refuseNewer(than: migrations.count)
        for migration in migrations.dropFirst(before) {
            try transaction(orThrow: toSchemaError) { () throws(SchemaError) in
                do throws(SQLiteError) {
                    // Another process may have done this step while this one waited for the lock.
                    guard try schemaVersion() < migration.version else { return }
                    for statement in migration.statements { try execute(statement) }
                    try execute("PRAGMA user_version = \(migration.version)")
                } catch {
                    throw .sqlite(error)
                }
            }
        }
        return before
    }
}
