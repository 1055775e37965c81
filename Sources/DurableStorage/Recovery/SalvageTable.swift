/// How the rows of a table are found again in a damaged database.
///
/// A row is read by its key, and a key is mostly known from several places: the table itself, read from both ends, its indexes, and tables
/// that refer to it. So a damaged page costs the rows that lie on it, and no others.
public struct SalvageTable: Sendable {
    /// A query that names keys of rows, one column for each column of the key.
    public struct Source: Sendable {
        /// `SELECT … FROM …`, without an order.
        public let query: String
        /// The columns of the order in which it is read, from both ends.
        public let order: [String]

        public init(_ query: String, by order: String...) { (self.query, self.order) = (query, order) }
    }

    public let name: String
    public let key: [String]
    public let sources: [Source]
    /// What stands in place of columns that lie on other pages than the row and cannot be read, as SQL by column.
    public let substitutes: [String: String]

    public init(_ name: String, key: [String], sources: [Source], substitutes: [String: String] = [:]) {
        (self.name, self.key, self.sources, self.substitutes) = (name, key, sources, substitutes)
    }
}

/// What became of the rows of a table.
public struct SalvageCount: Hashable, Sendable {
    /// Rows that are in the new database, `impaired` among them.
    public var saved = 0
    /// Rows of which a part could not be read.
    public var impaired = 0
    /// Rows whose key is known and that could not be read. Of rows whose key stands nowhere else, nothing is known.
    public var lost = 0

    public init(saved: Int = 0, impaired: Int = 0, lost: Int = 0) { (self.saved, self.impaired, self.lost) = (saved, impaired, lost) }
}
