import DurableStorage
import MailVocabulary

/// Recipients that are held because the configuration refuses them, by their own partial indices.
extension QueueReader {
    func heldEntries(after: (QueueID, UInt32)?, limit: Int) throws -> [QueueEntry] {
        try Self.entries(heldStatement, after: after, limit: limit)
    }

    func heldEntries(endingBefore time: Timestamp, limit: Int) throws -> [QueueEntry] {
        let statement = heldEndingStatement
        defer { statement.reset() }
        try statement.bind(time.microseconds, at: 1)
        try statement.bind(Int64(limit), at: 2)
        return try Self.entries(statement)
    }

    func heldCount() throws -> Int {
        Int(try connection.integer("SELECT count(*) FROM recipients INDEXED BY held WHERE held IS NOT NULL") ?? 0)
    }
}
