import Directory
import DurableStorage
import MailVocabulary
import MessageQueue
import TrustedFiles

/// What `postern recover` does in a state folder that no core uses.
struct StateRecovery {
    /// There is nothing to do, or it must not be done.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private let folder: StateFolder
    private let fileSystem: any FileSystem
    private let now: Timestamp

    init(_ folder: StateFolder, fileSystem: any FileSystem, now: Timestamp = .now()) {
        (self.folder, self.fileSystem, self.now) = (folder, fileSystem, now)
    }

    /// In the names of files that are kept.
    private var mark: String { "\(now.seconds)" }

    /// Lets the next start make a missing database anew.
    ///
    /// - Returns: what was done, line by line.
    /// - Throws: `Refusal`, `FolderLock.InUse`, `FileError`.
    func accept(_ database: StateFolder.Database) throws -> [String] {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let contents = try StateContents(of: folder, fileSystem)
        guard !contents.present.contains(database) else {
            throw Refusal(
                "\(folder.path(of: database)) is there, so nothing is missing; `postern recover \(database.rawValue)` looks at it")
        }
        guard try !DamagedFiles(database, in: folder, fileSystem: fileSystem).isFinished else {
            throw Refusal("an earlier recovery was not finished: run `postern recover \(database.rawValue)` first")
        }
        try DamagedFiles(database, in: folder, fileSystem: fileSystem).keepRemains(mark: mark)
        try StateAdmission(folder, fileSystem: fileSystem).permit(database)
        try fileSystem.syncDirectory(folder.path)
        var lines = ["The next start of the core makes an empty \(database.fileName) in \(folder.path)."]
        if database == .queue, contents.contentFiles > 0 {
            lines.append("It moves the content files that no message names to content/aside/ and removes them after 7 days.")
        }
        return lines
    }

    /// Makes a new database out of what can be read of a damaged one, and puts it in its place.
    ///
    /// - Returns: what was saved and what was lost, line by line.
    /// - Throws: `Refusal`, `FolderLock.InUse`, and what reading and writing throw.
    func recover(_ database: StateFolder.Database) throws -> [String] {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let files = DamagedFiles(database, in: folder, fileSystem: fileSystem)
        if try files.isFinished {
            let kept = try files.install(mark: mark)
            return ["An earlier recovery is finished: \(database.fileName) is the new database."] + Self.kept(kept)
        }
        let path = folder.path(of: database)
        guard try StateContents(of: folder, fileSystem).present.contains(database) else {
            throw Refusal(
                "there is no \(path) to recover: mount the volume or restore the backup; where it is lost for good, "
                    + "`postern recover \(database.rawValue) --accept-missing`")
        }
        if try isSound(path) { return ["\(path) is sound; nothing was changed."] }
        try files.clear()
        let lines: [String]
        switch database {
        case .queue:
            let content = ContentFiles(directory: folder.contentPath, fileSystem: fileSystem)
            try content.prepare()
            lines = Self.lines(
                of: try QueueRecovery.run(path, into: files.unfinishedPath, scratchPath: files.scratchPath, files: content, now: now))
        case .directory:
            lines = Self.lines(
                of: try DirectoryRecovery.run(
                    path, into: files.unfinishedPath, scratchPath: files.scratchPath, fileSystem: fileSystem))
        }
        try files.finish()
        return lines + Self.kept(try files.install(mark: mark))
    }

    private func lock() throws -> FolderLock {
        guard try fileSystem.exists(folder.path) else { throw Refusal("there is no state folder \(folder.path): is its volume mounted?") }
        do { return try FolderLock(folder: folder.path) } catch let error as FolderLock.InUse {
            throw Refusal("\(error.path) is in use by a running postern-core: stop it first")
        }
    }

    private func isSound(_ path: String) throws -> Bool {
        do {
            let connection = try SQLiteConnection(path: path, mode: .readOnly)
            return try connection.schemaVersion() > 0 && connection.integrityProblems().isEmpty
        } catch let error as SQLiteError where error.isCorrupt {
            return false
        }
    }

    // MARK: Words

    private static func kept(_ path: String?) -> [String] {
        (path.map { ["The damaged file is kept as \($0); remove it when you do not need it any more."] } ?? [])
            + ["Now start the core."]
    }

    private static func line(_ what: String, _ count: SalvageCount, _ impaired: String) -> String {
        var line = "\(what): \(count.saved) saved"
        if count.impaired > 0 { line += " (\(count.impaired) of them \(impaired))" }
        return line + ", \(count.lost) known to be lost"
    }

    static func lines(of report: QueueRecovery.Report) -> [String] {
        var lines = [
            line("messages", report.messages, "without their content: their senders are told when they expire"),
            line("recipients", report.recipients, ""),
        ]
        if report.withoutRecipients > 0 {
            lines.append(
                "messages whose recipients are lost: \(report.withoutRecipients), their content is in content/aside/ for 7 days")
        }
        return lines + firstPage(report.isFirstPageReplaced)
    }

    static func lines(of report: DirectoryRecovery.Report) -> [String] {
        [
            line("users, aliases and groups", report.entries, ""), line("targets and members", report.targets, ""),
            line("login names", report.credentials, ""),
        ] + firstPage(report.isFirstPageReplaced)
    }

    private static func firstPage(_ isReplaced: Bool) -> [String] {
        isReplaced ? ["The first page could not be read; that of a new database was used in its place."] : []
    }
}
