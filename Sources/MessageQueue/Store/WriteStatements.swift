import DurableStorage

/// The statements of the writer, prepared once.
struct WriteStatements {
    let insertMessage, insertRecipient, insertHop, selectHop, nextHops, removeUnusedHop: SQLiteStatement
    let finish, reschedule, reroute, holdRefused, removeFinishedMessage: SQLiteStatement
    let rememberHolder, forgetHolder, setIDBound, hold, rememberUnreachable, forgetUnreachable: SQLiteStatement

    init(_ connection: SQLiteConnection) throws {
        insertMessage = try connection.prepare("INSERT INTO messages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        insertRecipient = try connection.prepare(
            """
            INSERT INTO recipients (message_id, number, hop_id, next_attempt, attempts, address, notify, original_recipient, written_to)
            VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7)
            """)
        insertHop = try connection.prepare("INSERT INTO hops (next_hop, connector, carrier) VALUES (?, ?, ?)")
        selectHop = try connection.prepare("SELECT id FROM hops WHERE next_hop = ? AND connector = ? AND carrier = ?")
        nextHops = try connection.prepare("SELECT id, next_hop, connector, carrier FROM hops WHERE id > ? ORDER BY id LIMIT ?")
        removeUnusedHop = try connection.prepare(
            "DELETE FROM hops WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM recipients WHERE hop_id = ?1)")
        finish = try connection.prepare("DELETE FROM recipients WHERE message_id = ? AND number = ?")
        reschedule = try connection.prepare(
            "UPDATE recipients SET next_attempt = ?, attempts = ?, last_error = ? WHERE message_id = ? AND number = ?")
        reroute = try connection.prepare(
            "UPDATE recipients SET hop_id = ?, next_attempt = 0, held = NULL, held_since = NULL WHERE message_id = ? AND number = ?")
        holdRefused = try connection.prepare(
            "UPDATE recipients SET next_attempt = ?, held = ?, held_since = ? WHERE message_id = ? AND number = ?")
        removeFinishedMessage = try connection.prepare(
            "DELETE FROM messages WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM recipients WHERE message_id = ?1)")
        rememberHolder = try connection.prepare("INSERT OR REPLACE INTO holders VALUES (?, ?, ?)")
        forgetHolder = try connection.prepare("DELETE FROM holders WHERE id = ?")
        hold = try connection.prepare("UPDATE recipients SET next_attempt = ?, last_error = ? WHERE message_id = ?")
        setIDBound = try connection.prepare("INSERT OR REPLACE INTO counters VALUES ('id bound', ?)")
        rememberUnreachable = try connection.prepare("INSERT OR REPLACE INTO unreachable VALUES (?, ?, ?, ?, ?, ?, ?)")
        forgetUnreachable = try connection.prepare("DELETE FROM unreachable WHERE next_hop = ? AND connector = ? AND carrier = ?")
    }

    /// Binds integers from the given parameter on, runs the statement to its end and makes it ready for the next use.
    func run(_ statement: SQLiteStatement, _ integers: Int64..., from first: Int = 1) throws {
        defer { statement.reset() }
        for (offset, integer) in integers.enumerated() { try statement.bind(integer, at: first + offset) }
        try statement.run()
    }
}
