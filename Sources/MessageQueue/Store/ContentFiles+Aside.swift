import DurableStorage
import MailVocabulary
import NIOCore

/// Files that are kept for some days though no message needs them any more: a missing or restored database makes an orphan of every file,
/// and an administrator must have the time to notice.
///
/// They lie in `content/aside/` under the names that they had. A file's age is the time since it came there: the file system notes when a
/// file was given a name or lost one (`FileStatus.changedAt`).
extension ContentFiles {
    /// How long they are kept.
    public static let keptAside = Duration.seconds(7 * 24 * 60 * 60)

    public var asideDirectory: String { "\(directory)/\(Self.asideName)" }

    static let asideName = "aside"
    static let orphanBatch = 500

    public func asidePath(of id: QueueID) -> String { "\(asideDirectory)/\(id)" }

    /// Sets files aside that no message names. Goes through the folder in batches, so that it may be of any size, and goes on behind a
    /// file that cannot be set aside: that one is an orphan again at the next start.
    ///
    /// Each file has its new name, durably, before it loses the old one.
    ///
    /// - Parameters:
    ///   - before: only files of ids below this one; those of transactions under way lie above it.
    ///   - named: those of at most `orphanBatch` messages that the queue names.
    /// - Throws: where a folder cannot be read, made or synced, or what `named` throws.
    public func setOrphansAside(before: QueueID, named: ([QueueID]) throws -> Set<QueueID>) throws -> OrphanSweep {
        var sweep = OrphanSweep()
        var batch: [QueueID] = []
        func setBatchAside() throws {
            let kept = try named(batch)
            let orphans = batch.filter { !kept.contains($0) }
            batch.removeAll(keepingCapacity: true)
            if !orphans.isEmpty { try setAside(orphans, &sweep) }
        }
        var failure: (any Error)?
        try fileSystem.forEachName(in: directory) { name in
            guard let id = QueueID(parsing: name), id < before else { return true }
            batch.append(id)
            guard batch.count == Self.orphanBatch else { return true }
            do { try setBatchAside() } catch { failure = error }
            return failure == nil
        }
        if let failure { throw failure }
        try setBatchAside()
        if sweep.setAside > 0 { try fileSystem.syncDirectory(directory) }
        return sweep
    }

    private func setAside(_ orphans: [QueueID], _ sweep: inout OrphanSweep) throws {
        try prepareAside()
        var linked: [QueueID] = []
        for id in orphans {
            do throws(FileError) {
                try linkAside(id)
                linked.append(id)
            } catch  where error.isMissing {
                // Gone since the folder was read.
            } catch {
                sweep.note(error)
            }
        }
        try fileSystem.syncDirectory(asideDirectory)
        for id in linked {
            do throws(FileError) {
                try removeIfThere(id)
                sweep.setAside += 1
            } catch {
                sweep.note(error)
            }
        }
    }

    /// Keeps a second name of a message's content file, durably, for as long as files are kept aside after the message has left the queue.
    public func keepAside(_ id: QueueID) throws(FileError) {
        try prepareAside()
        try linkAside(id)
        try fileSystem.syncDirectory(asideDirectory)
    }

    /// The same for content that lies in the database: writes it into a file, durably.
    public func keepAside(_ id: QueueID, _ content: ByteBuffer) throws(FileError) {
        try prepareAside()
        let file: any OpenFile
        do throws(FileError) { file = try fileSystem.create(asidePath(of: id), mode: 0o600) } catch  where error.alreadyExists { return }
        do throws(FileError) {
            try file.write(Array(content.readableBytesView))
            try file.sync()
            try file.close()
        } catch {
            // Part of it would be taken for all of it; the error that led here is the one to report.
            try? fileSystem.unlink(asidePath(of: id))
            throw error
        }
        try fileSystem.syncDirectory(asideDirectory)
    }

    private func prepareAside() throws(FileError) {
        do throws(FileError) { try fileSystem.makeDirectory(asideDirectory, mode: 0o700) } catch  where error.alreadyExists { return }
        try fileSystem.syncDirectory(directory)
    }

    private func linkAside(_ id: QueueID) throws(FileError) {
        do throws(FileError) {
            try fileSystem.link(path(of: id), to: asidePath(of: id))
        } catch  where error.alreadyExists {
            // What a crash between the two names left is the same file. Another one of this name is not given up for it.
            guard try fileSystem.status(of: path(of: id))?.size == fileSystem.status(of: asidePath(of: id))?.size else { throw error }
        }
    }

    /// Removes what has been kept aside for long enough, and counts what stays.
    ///
    /// - Throws: where the folder cannot be read; a file that cannot be removed stays, and is tried again by the next sweep.
    public func sweepAside(now: Timestamp) throws(FileError) -> AsideContents {
        var contents = AsideContents()
        guard try fileSystem.exists(asideDirectory) else { return contents }
        var failure: FileError?
        let end = now + (.zero - Self.keptAside)
        try fileSystem.forEachName(in: asideDirectory) { name in
            let path = "\(asideDirectory)/\(name)"
            do throws(FileError) {
                guard let status = try fileSystem.status(of: path) else { return true }
                guard QueueID(parsing: name) != nil, status.changedAt < end else {
                    contents.files += 1
                    contents.octets += status.size
                    return true
                }
                try fileSystem.unlink(path)
                contents.removed += 1
            } catch {
                contents.files += 1
                failure = failure ?? error
            }
            return true
        }
        contents.firstFailure = failure
        return contents
    }
}

/// What became of the content files that no message names.
public struct OrphanSweep: Hashable, Sendable {
    public var setAside = 0
    /// Files that could not be set aside.
    public var failed = 0
    /// Why the first of these could not.
    public var firstFailure: FileError?

    public init(setAside: Int = 0, failed: Int = 0, firstFailure: FileError? = nil) {
        (self.setAside, self.failed, self.firstFailure) = (setAside, failed, firstFailure)
    }

    mutating func note(_ error: FileError) {
        failed += 1
        firstFailure = firstFailure ?? error
    }
}

/// What lies aside after a sweep.
public struct AsideContents: Hashable, Sendable {
    public var files = 0
    public var octets = 0
    /// By this sweep.
    public var removed = 0
    /// Why the first file that could not be removed could not.
    public var firstFailure: FileError?

    public init() {}
}
