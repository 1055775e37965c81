import Directory
import DurableStorage

/// Damage of a database, by whatever layer tells of it.
enum DamagedDatabase {
    /// Whether SQLite found the file malformed, or no database at all.
    static func isCause(of error: any Error) -> Bool {
        switch error {
        case let error as SQLiteError: error.isCorrupt
        case SchemaError.sqlite(let error): error.isCorrupt
        case DirectoryError.storage(let error): error.isCorrupt
        case DirectoryError.schema(.sqlite(let error)): error.isCorrupt
        case DirectoryError.damaged: true
        default: false
        }
    }
}
