import DurableStorage
import MailVocabulary
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Puts messages into Maildirs (https://cr.yp.to/proto/maildir.html). One for a process; any thread that may block may use it.
///
/// A message is there when `MaildirWriter.commit` returns: its file, its entry in `new` and every folder on the way are on stable
/// storage by then. Its name tells queue id and recipient, so that a delivery whose outcome the core never heard is recognised.
final class MaildirStore: Sendable {
    private let fileSystem: any FileSystem
    /// As it stands in file names.
    private let host: String
    private let now: @Sendable () -> Timestamp
    /// The Maildirs whose folders this process knows to be durable.
    private let prepared = Mutex<Set<String>>([])
    /// Held while folders are made: a thread that finds a folder must not rely on it before the one that made it has synced it.
    private let making = Mutex(())
    private let sequence = Atomic<Int>(0)

    /// Files of deliveries that were cut off go after this time.
    static let temporaryLifetime = Duration.seconds(36 * 3600)
    /// The Maildirs remembered as prepared; with more, they are looked at anew.
    static let mostPrepared = 10_000
    /// The old files removed from one `tmp` at a time.
    static let mostRemovals = 1000

    /// - Parameters:
    ///   - host: the name of this machine, which makes file names its own where several share a Maildir.
    ///   - now: the clock.
    init(
        fileSystem: any FileSystem = POSIXFileSystem(), host: String, now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        (self.fileSystem, self.now) = (fileSystem, now)
        // A slash or a colon would mean something in a file name; and the name has to leave room for what else is in it.
        self.host = String(decoding: host.utf8.prefix(128).map { Self.isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Begins to deliver a message to one recipient.
    ///
    /// - Parameters:
    ///   - recipient: the recipient's number within the message.
    ///   - receivedAt: of the message; its seconds begin the file's name, so that names sort by it.
    ///   - mayBeRepeat: whether an earlier attempt may have delivered it. Then `new` and `cur`, where a reader has moved it and added
    ///     flags, are searched, which may take long.
    func begin(
        in folder: MaildirFolder, message: QueueID, recipient: UInt32, receivedAt: Timestamp, mayBeRepeat: Bool
    ) throws(MaildirFailure) -> MaildirWriter {
        do throws(FileError) {
            try prepare(folder)
            // The host comes last and is no part of the key: it may be another one after a change of the configuration.
            let key = "\(receivedAt.seconds).Q\(message)R\(recipient)."
            if mayBeRepeat, let found = try earlierDelivery(key, in: folder.path) {
                // Whether that attempt, or the reader, came to the sync of the folder is not known.
                try fileSystem.syncDirectory(found)
                return MaildirWriter(alreadyIn: folder.path, fileSystem: fileSystem)
            }
            let (file, temporary) = try createTemporary(in: folder)
            return MaildirWriter(file, temporary: temporary, name: key + host, maildir: folder.path, fileSystem: fileSystem)
        } catch {
            throw .file(error)
        }
    }

    private func earlierDelivery(_ key: String, in maildir: String) throws(FileError) -> String? {
        // `new` first: what a reader moves meanwhile is seen in `cur` then.
        for folder in ["\(maildir)/new", "\(maildir)/cur"] {
            var isFound = false
            try fileSystem.forEachName(in: folder) { name in
                isFound = name.utf8.starts(with: key.utf8)
                return !isFound
            }
            if isFound { return folder }
        }
        return nil
    }

    private func createTemporary(in folder: MaildirFolder) throws(FileError) -> (file: any OpenFile, path: String) {
        var attempts = 0
        while true {
            attempts += 1
            let moment = now()
            let number = sequence.add(1, ordering: .relaxed).newValue
            let path = "\(folder.path)/tmp/\(moment.seconds).M\(moment.microseconds % 1_000_000)P\(getpid())Q\(number).\(host)"
            do {
                return (try fileSystem.create(path), path)
            } catch {
                // Another machine with our name and number shares the Maildir; or somebody has removed its folders.
                guard attempts < 3, error.alreadyExists || error.isMissing else { throw error }
                if error.isMissing {
                    _ = prepared.withLock { $0.remove(folder.path) }
                    try prepare(folder)
                }
            }
        }
    }

    // MARK: Folders

    /// Makes what is missing of the Maildir and the folders above it, and everything durable; the first time in this process, also
    /// what exists: the one who made it may have been cut off before the sync.
    private func prepare(_ folder: MaildirFolder) throws(FileError) {
        if prepared.withLock({ $0.contains(folder.path) }) { return }
        try making.withLock { _ throws(FileError) in
            if prepared.withLock({ $0.contains(folder.path) }) { return }
            if !folder.base.isEmpty { try fileSystem.makeDirectories(folder.base) }
            for step in folder.steps { try makeDurably(step) }
            let path = folder.path
            for name in ["tmp", "new", "cur"] where try !fileSystem.exists("\(path)/\(name)") { try make("\(path)/\(name)") }
            try fileSystem.syncDirectory(path)
            prepared.withLock { prepared in
                if prepared.count >= Self.mostPrepared { prepared.removeAll() }
                prepared.insert(path)
            }
        }
        removeOldTemporaries(in: folder.path)
    }

    private func makeDurably(_ path: String) throws(FileError) {
        let existed = try fileSystem.exists(path)
        if !existed { try make(path) }
        do throws(FileError) {
            try fileSystem.syncDirectory(FilePath.parent(of: path))
        } catch {
            // A folder of the administrator's that we may pass through but not read cannot be synced by us.
            guard existed, error.errorNumber == EACCES else { throw error }
        }
    }

    private func make(_ path: String) throws(FileError) {
        do throws(FileError) {
            try fileSystem.makeDirectory(path, mode: 0o700)
        } catch {
            // Another process was quicker.
            guard error.alreadyExists, try fileSystem.status(of: path)?.isDirectory == true else { throw error }
        }
    }

    /// Removes what deliveries that were cut off have left in `tmp` (maildir: "delete files in tmp after 36 hours").
    private func removeOldTemporaries(in maildir: String) {
        // Housekeeping: what cannot be removed now is left for another time, and keeps no message out.
        let limit = now() - Self.temporaryLifetime
        var old: [String] = []
        try? fileSystem.forEachName(in: "\(maildir)/tmp") { name in
            let path = "\(maildir)/tmp/\(name)"
            if let status = try? fileSystem.status(of: path), !status.isDirectory, status.modifiedAt < limit { old.append(path) }
            return old.count < Self.mostRemovals
        }
        for path in old { try? fileSystem.unlink(path) }
    }
}
