import DurableStorage
import MailVocabulary

/// Makes a directory out of what can be read of a damaged one.
public enum DirectoryRecovery {
    public struct Report: Hashable, Sendable {
        /// Users, aliases and groups.
        public var entries = SalvageCount()
        /// Targets of aliases and members of groups.
        public var targets = SalvageCount()
        /// Login names with their verifiers.
        public var credentials = SalvageCount()
        public var isFirstPageReplaced = false
    }

    /// - Parameters:
    ///   - path: the damaged database, which is read only.
    ///   - newPath: for the new one, which is whole and synced when this returns; must not exist.
    public static func run(_ path: String, into newPath: String, scratchPath: String, fileSystem: any FileSystem) throws -> Report {
        let salvage = try DatabaseSalvage(
            of: path, into: newPath, scratchPath: scratchPath, pageSize: .kibibytes(4), migrations: DirectorySchema.migrations,
            fileSystem: fileSystem)
        let target = salvage.target
        var report = Report(isFirstPageReplaced: salvage.isFirstPageReplaced)
        let known = salvage.integers("SELECT seq FROM sqlite_sequence WHERE name = 'entries'", by: "seq").max() ?? 0
        _ = try salvage.copy(SalvageTable("secrets", key: ["name"], sources: [.init("SELECT name FROM secrets", by: "name")]))
        report.entries = try salvage.copy(
            SalvageTable(
                "entries", key: ["id"],
                sources: [
                    .init("SELECT id FROM entries", by: "id"),
                    .init("SELECT id FROM entries INDEXED BY sqlite_autoindex_entries_1", by: "key"),
                    .init("SELECT DISTINCT owner FROM targets", by: "owner"),
                    .init("SELECT DISTINCT account FROM credentials INDEXED BY credentials_by_account", by: "account"),
                ]))
        report.targets = try salvage.copy(
            SalvageTable(
                "targets", key: ["owner", "key"],
                sources: [
                    .init("SELECT owner, key FROM targets", by: "owner", "key"),
                    .init("SELECT owner, key FROM targets INDEXED BY targets_by_key", by: "key", "owner"),
                ]))
        report.credentials = try salvage.copy(
            SalvageTable(
                "credentials", key: ["id"],
                sources: [
                    .init("SELECT id FROM credentials", by: "id"),
                    .init("SELECT id FROM credentials INDEXED BY credentials_by_account", by: "account", "id"),
                    .init("SELECT id FROM credentials INDEXED BY sqlite_autoindex_credentials_1", by: "login_key"),
                ]))
        try target.transaction { () throws(SQLiteError) in
            // What belongs to an entry that is lost leads nowhere.
            try target.execute("DELETE FROM targets WHERE owner NOT IN (SELECT id FROM entries)")
            report.targets.saved -= target.changes
            report.targets.lost += target.changes
            try target.execute("DELETE FROM credentials WHERE account NOT IN (SELECT id FROM entries)")
            report.credentials.saved -= target.changes
            report.credentials.lost += target.changes
            // Ids of removed accounts do not come back, and a directory that had somebody is not a new one.
            let bound = max(known, report.entries.lost > 0 ? 1 : 0)
            try target.execute(
                """
                INSERT INTO sqlite_sequence (name, seq) SELECT 'entries', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'entries');
                UPDATE sqlite_sequence SET seq = max(seq, \(bound)) WHERE name = 'entries';
                """)
        }
        return report
    }
}
