import CrashModel
import DurableStorage
import MailVocabulary
import MessageQueue
import NIOCore

/// A start of the core over what a power loss left, with everything it must find.
enum RecoveredQueue {
    /// Opens the queue in the folder, compares all of it with what was promised, and tries that it works on.
    ///
    /// - Throws: `CrashViolation`.
    static func require(_ ledger: Ledger, in folder: String) throws {
        let files = ContentFiles(directory: "\(folder)/content", fileSystem: POSIXFileSystem())
        try files.prepare()
        let path = "\(folder)/queue.sqlite"
        let database = try QueueDatabase(path: path)
        try database.forgetUnusedHops()
        let epoch = try database.nextEpoch()
        if epoch <= ledger.lastEpoch { throw CrashViolation("epoch \(epoch) after \(ledger.lastEpoch)") }
        let largest = try database.largestMessageID()
        if largest < ledger.largestID { throw CrashViolation("ids go on from \(largest), and \(ledger.largestID) was given") }

        try requireSound(path)
        let reader = try QueueReader(path: path)
        // Again where orphans were set aside.
        var removed = 0
        repeat {
            let found = try QueueState.read(database, reader, files)
            guard ledger.bases.contains(found) else {
                throw CrashViolation(ledger.bases.map { found.difference(from: $0) }.joined(separator: ", or: "))
            }
            removed = try files.setOrphansAside(before: QueueID(value: Timestamp.now().microseconds)) { try reader.named($0) }.setAside
            let named = found.messages.filter(\.value.isInFile).keys.map(\.description).sorted()
            let there = try files.fileSystem.list(files.directory).filter { $0 != "aside" }.sorted()
            if there != named { throw CrashViolation("files \(there), and the queue names \(named)") }
        } while removed > 0

        let next = QueueID(value: max(largest + 1, Timestamp.now().microseconds))
        try database.apply([.enqueue(small(next))])
        guard try reader.contains(next) else { throw CrashViolation("the next message is not there") }
    }

    private static func requireSound(_ path: String) throws {
        let connection = try SQLiteConnection(path: path, mode: .readWrite)
        if let problem = try connection.integrityProblems().first { throw CrashViolation("damaged: \(problem)") }
        if let problem = try connection.text("PRAGMA foreign_key_check") { throw CrashViolation("a row without its parent in \(problem)") }
    }

    static func small(_ id: QueueID, _ content: String = "Subject: next\r\n\r\n") -> QueuedMessage {
        QueuedMessage(
            id: id, receivedAt: Timestamp(microseconds: id.value), sender: EnvelopeSender(reversePath: .null), origin: .system,
            size: content.utf8.count, has8BitOctets: false, content: .inline(ByteBuffer(string: content)),
            recipients: [
                QueuedRecipient(
                    index: 0, recipient: EnvelopeRecipient(address: TestAddress.recipient(0)),
                    route: Route(connector: "general", nextHop: "domain:example.org", carrier: .delivery))
            ])
    }
}
