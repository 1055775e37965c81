import DurableStorage
import MailVocabulary
import NIOCore

/// Makes a queue out of what can be read of a damaged one.
///
/// A message keeps every recipient that can be read. One whose content cannot be read stays in the queue, is found damaged there, and its sender
/// is told in the end; one that has no recipients left cannot go anywhere: its content is kept aside, for a person to look at.
public enum QueueRecovery {
    public struct Report: Hashable, Sendable {
        public var messages = SalvageCount()
        public var recipients = SalvageCount()
        /// Messages whose recipients cannot be read; what can be read of their content was kept aside.
        public var withoutRecipients = 0
        public var isFirstPageReplaced = false
    }

    /// Stands for a next hop that cannot be read: no connector has it, so its recipients are decided about again.
    private static let lostHop = "('recovered', 'recovered', 1)"

    /// - Parameters:
    ///   - path: the damaged database, which is read only.
    ///   - newPath: for the new one, which is whole and synced when this returns; must not exist.
    ///   - files: content that nobody can be sent is kept aside there.
    public static func run(
        _ path: String, into newPath: String, scratchPath: String, files: ContentFiles, now: Timestamp
    ) throws -> Report {
        let salvage = try DatabaseSalvage(
            of: path, into: newPath, scratchPath: scratchPath, pageSize: QueueDatabase.pageSize, migrations: QueueSchema.migrations,
            fileSystem: files.fileSystem)
        let target = salvage.target
        var report = Report(isFirstPageReplaced: salvage.isFirstPageReplaced)
        _ = try salvage.copy(SalvageTable("counters", key: ["name"], sources: [.init("SELECT name FROM counters", by: "name")]))
        _ = try salvage.copy(SalvageTable("holders", key: ["id"], sources: [.init("SELECT id FROM holders", by: "id")]))
        _ = try salvage.copy(
            SalvageTable(
                "hops", key: ["id"],
                sources: [
                    .init("SELECT id FROM hops", by: "id"), .init("SELECT DISTINCT hop_id FROM recipients INDEXED BY due", by: "hop_id"),
                ]))
        report.messages = try salvage.copy(messages)
        report.recipients = try salvage.copy(recipients)
        try target.transaction { () throws(SQLiteError) in
            // Recipients of a message that is lost can be sent nothing.
            try target.execute("DELETE FROM recipients WHERE message_id NOT IN (SELECT id FROM messages)")
            report.recipients.saved -= target.changes
            report.recipients.lost += target.changes
            if try target.integer("SELECT 1 FROM recipients WHERE hop_id NOT IN (SELECT id FROM hops) LIMIT 1") != nil {
                try target.execute(
                    """
                    INSERT INTO hops (connector, next_hop, carrier) VALUES \(lostHop);
                    UPDATE recipients SET hop_id = last_insert_rowid() WHERE hop_id NOT IN (SELECT id FROM hops);
                    """)
            }
            // No id and no lease of the past comes again, also where the counters cannot be read: both bounds lie beyond any that was used.
            try target.execute(
                """
                INSERT INTO counters VALUES ('id bound', \(now.microseconds)) ON CONFLICT DO UPDATE SET value = max(value, excluded.value);
                INSERT INTO counters VALUES ('epoch', \(now.seconds)) ON CONFLICT DO NOTHING;
                """)
        }
        report.withoutRecipients = try setAside(target, files)
        report.messages.saved -= report.withoutRecipients
        return report
    }

    private static let messages = SalvageTable(
        "messages", key: ["id"],
        sources: [
            .init("SELECT id FROM messages", by: "id"), .init("SELECT DISTINCT message_id FROM recipients", by: "message_id"),
            .init("SELECT DISTINCT message_id FROM recipients INDEXED BY due", by: "message_id"),
        ],
        // The content and what lies behind it. The reader finds content that is shorter than its size to be damaged.
        substitutes: ["content": "X''", "account": "NULL", "decided": "NULL", "checksum": "NULL", "header_message_id": "NULL"])

    private static let recipients = SalvageTable(
        "recipients", key: ["message_id", "number"],
        sources: [
            .init("SELECT message_id, number FROM recipients", by: "message_id", "number"),
            .init("SELECT message_id, number FROM recipients INDEXED BY due", by: "hop_id", "next_attempt", "message_id", "number"),
            .init(
                "SELECT message_id, number FROM recipients INDEXED BY deferred WHERE next_attempt > 0", by: "next_attempt", "hop_id",
                "message_id", "number"),
        ])

    /// Content in files needs no copy: nobody names them any more, so the next start sets them aside.
    private static func setAside(_ target: SQLiteConnection, _ files: ContentFiles) throws -> Int {
        let select = try target.prepare("SELECT id, content FROM messages WHERE id NOT IN (SELECT message_id FROM recipients)")
        var count = 0
        while try select.step() {
            count += 1
            guard let content = select.optionalBlob(1), !content.isEmpty else { continue }
            try files.keepAside(QueueID(value: select.integer(0)), ByteBuffer(bytes: content))
        }
        try target.execute("DELETE FROM messages WHERE id NOT IN (SELECT message_id FROM recipients)")
        return count
    }
}
