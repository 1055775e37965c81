import DurableStorage

/// The tables of `directory.sqlite`. Times are microseconds since 1970 in UTC.
enum DirectorySchema {
    static let migrations = [
        SchemaMigration(
            version: 1,
            statements: [
                // Every address that is ours, of any kind, so that none can be two things. The ids of removed accounts do not come
                // back (AUTOINCREMENT): a session token may still name one.
                """
                CREATE TABLE entries (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    key TEXT NOT NULL UNIQUE,
                    address TEXT NOT NULL,
                    kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
                    forward INTEGER NOT NULL CHECK (forward IN (0, 1)),
                    created_at INTEGER NOT NULL
                ) STRICT
                """,
                // Targets of aliases, members of groups. By address, not by id: it may be outside, or a subaddress.
                """
                CREATE TABLE targets (
                    owner INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
                    key TEXT NOT NULL,
                    address TEXT NOT NULL,
                    PRIMARY KEY (owner, key)
                ) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX targets_by_key ON targets (key)",
                // Without a verifier the login name is only reserved.
                """
                CREATE TABLE credentials (
                    id INTEGER PRIMARY KEY,
                    account INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
                    login_key TEXT NOT NULL UNIQUE,
                    login_name TEXT NOT NULL,
                    label TEXT NOT NULL,
                    verifier TEXT,
                    created_at INTEGER NOT NULL,
                    expires_at INTEGER,
                    last_used_at INTEGER
                ) STRICT
                """,
                "CREATE INDEX credentials_by_account ON credentials (account)",
                // The secret of the decoys: without it, a stranger could compute which verifiers are none.
                "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
                "INSERT INTO secrets VALUES ('decoy', randomblob(32))",
            ]),
        // A password that can be read again, sealed with a key that is not in this file.
        SchemaMigration(version: 2, statements: ["ALTER TABLE credentials ADD COLUMN secret TEXT"]),
    ]
}
