/// Where the state of a core lies: two databases and the content files, in one folder that belongs to the core's account alone.
public struct StateFolder: Hashable, Sendable {
    /// The two databases, each a file with its log and shared memory beside it.
    public enum Database: String, CaseIterable, Hashable, Sendable {
        case queue
        case directory

        /// In the state folder.
        public var fileName: String { "\(rawValue).sqlite" }

        /// What is lost with the file, in words for a person.
        public var holds: String {
            switch self {
            case .queue: "the mail that waits"
            case .directory: "users, passwords, aliases and groups"
            }
        }

        /// The database whose file has this path; nil for any other file.
        public init?(path: String) {
            guard let database = Self.allCases.first(where: { $0.fileName == FilePath.name(of: path) }) else { return nil }
            self = database
        }
    }

    public let path: String

    public init(path: String) { self.path = path }

    public func path(of database: Database) -> String { "\(path)/\(database.fileName)" }

    /// The folder of the content files.
    public var contentPath: String { "\(path)/content" }

    /// A file that, where it exists, lets the next start make this database anew though other parts of the state are there. The first
    /// start makes it before the databases and removes it behind them, so that a crash in between does not look like a loss.
    public func permitPath(of database: Database) -> String { "\(path)/\(database.rawValue)-may-be-new" }
}
