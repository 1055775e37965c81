import DurableStorage

/// The tables of `queue.sqlite`, as migrations: a version is never edited once it has been released.
///
/// A fresh recipient has `next_attempt` 0, so that the `due` index gives fresh mail in the order of its ids, and the partial index
/// `deferred` costs nothing on the way of a message that goes out at the first attempt.
enum QueueSchema {
    static let migrations: [SchemaMigration] = [
        SchemaMigration(
            version: 1,
            statements: [
                """
                CREATE TABLE messages (
                    id INTEGER PRIMARY KEY,
                    received_at INTEGER NOT NULL,
                    reverse_path TEXT,
                    declared_size INTEGER,
                    body INTEGER NOT NULL,
                    smtputf8 INTEGER NOT NULL,
                    return_content INTEGER NOT NULL,
                    envelope_id TEXT,
                    virtual_server TEXT NOT NULL,
                    client_address TEXT,
                    host_name TEXT,
                    helo TEXT,
                    size INTEGER NOT NULL,
                    has_8bit INTEGER NOT NULL,
                    content BLOB
                ) STRICT
                """,
                """
                CREATE TABLE hops (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    carrier INTEGER NOT NULL,
                    connector TEXT NOT NULL,
                    next_hop TEXT NOT NULL,
                    UNIQUE (next_hop, connector, carrier)
                ) STRICT
                """,
                """
                CREATE TABLE recipients (
                    message_id INTEGER NOT NULL REFERENCES messages (id),
                    number INTEGER NOT NULL,
                    hop_id INTEGER NOT NULL REFERENCES hops (id),
                    next_attempt INTEGER NOT NULL,
                    attempts INTEGER NOT NULL,
                    address TEXT NOT NULL,
                    notify INTEGER NOT NULL,
                    original_recipient TEXT,
                    last_error TEXT,
                    PRIMARY KEY (message_id, number)
                ) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX due ON recipients (hop_id, next_attempt)",
                "CREATE INDEX deferred ON recipients (next_attempt, hop_id) WHERE next_attempt > 0",
                "CREATE TABLE holders (id INTEGER PRIMARY KEY, carrier INTEGER NOT NULL, process_id INTEGER NOT NULL) STRICT",
                "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            ]),
        // The address that was written to, where it is not the recipient's own.
        SchemaMigration(version: 2, statements: ["ALTER TABLE recipients ADD COLUMN written_to TEXT"]),
        // Who was logged in when the message came in.
        SchemaMigration(version: 3, statements: ["ALTER TABLE messages ADD COLUMN account TEXT"]),
        // How its recipients were decided about when it came in.
        SchemaMigration(version: 4, statements: ["ALTER TABLE messages ADD COLUMN decided TEXT"]),
        // CRC-32C of the content; NULL for messages of earlier versions, which are not checked.
        SchemaMigration(version: 5, statements: ["ALTER TABLE messages ADD COLUMN checksum INTEGER"]),
        // What a later configuration refuses: why, and since when. The indices are partial, so that other mail pays nothing for them.
        // The Message-ID of the header, for the log. Next hops that could not be reached, for the next start.
        SchemaMigration(
            version: 6,
            statements: [
                "ALTER TABLE recipients ADD COLUMN held TEXT",
                "ALTER TABLE recipients ADD COLUMN held_since INTEGER",
                "CREATE INDEX held ON recipients (message_id, number) WHERE held IS NOT NULL",
                "CREATE INDEX held_until ON recipients (next_attempt) WHERE held IS NOT NULL",
                "ALTER TABLE messages ADD COLUMN header_message_id TEXT",
                """
                CREATE TABLE unreachable (
                    next_hop TEXT NOT NULL,
                    connector TEXT NOT NULL,
                    carrier INTEGER NOT NULL,
                    since INTEGER NOT NULL,
                    until INTEGER NOT NULL,
                    failures INTEGER NOT NULL,
                    reply TEXT NOT NULL,
                    PRIMARY KEY (next_hop, connector, carrier)
                ) STRICT, WITHOUT ROWID
                """,
            ]),
    ]
}
