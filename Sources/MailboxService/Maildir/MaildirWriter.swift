import DurableStorage

#if canImport(Glibc)
    import Glibc
#endif

/// One message on its way into a Maildir: written in `tmp`, synced, linked into `new`, and the folder synced. Only then is it there.
///
/// Used by one thread at a time. Let go of before `commit` has returned, it leaves nothing in `tmp`.
final class MaildirWriter {
    /// An earlier attempt has delivered the message; nothing needs to be written, and `commit` does nothing.
    let isAlreadyThere: Bool
    private let maildir: String
    private let name: String
    private let temporary: String
    private let fileSystem: any FileSystem
    private var file: (any OpenFile)?

    init(_ file: any OpenFile, temporary: String, name: String, maildir: String, fileSystem: any FileSystem) {
        (self.file, self.temporary, self.name, self.maildir, self.fileSystem) = (file, temporary, name, maildir, fileSystem)
        isAlreadyThere = false
    }

    init(alreadyIn maildir: String, fileSystem: any FileSystem) {
        (file, temporary, name, self.maildir, self.fileSystem) = (nil, "", "", maildir, fileSystem)
        isAlreadyThere = true
    }

    deinit {
        guard let file else { return }
        // There is nobody to tell; what stays in `tmp` is removed after 36 hours.
        try? file.close()
        try? fileSystem.unlink(temporary)
    }

    /// Appends to the message.
    func write(_ bytes: UnsafeRawBufferPointer) throws(MaildirFailure) {
        guard let file else { return }
        do throws(FileError) { try file.write(bytes) } catch { throw .file(error) }
    }

    /// Makes the message durable and visible.
    ///
    /// - Throws: then it is not delivered, with one exception that the next attempt recognises: it is visible, and its folder could not
    ///   be synced.
    func commit() throws(MaildirFailure) {
        guard let file else { return }
        do throws(FileError) {
            try file.sync()
            try file.close()
            try moveIntoNew()
            self.file = nil
            try fileSystem.syncDirectory("\(maildir)/new")
        } catch {
            throw .file(error)
        }
    }

    private func moveIntoNew() throws(FileError) {
        let target = "\(maildir)/new/\(name)"
        do {
            // Not rename: a name that is taken is the same message, which another attempt has delivered meanwhile.
            try fileSystem.link(temporary, to: target)
        } catch {
            if error.errorNumber == EPERM, try !fileSystem.exists(target) {
                // A file system without second names.
                try fileSystem.rename(temporary, to: target)
                return
            }
            guard error.alreadyExists || error.errorNumber == EPERM else { throw error }
        }
        // It has done its work; if it stays, it is removed after 36 hours.
        try? fileSystem.unlink(temporary)
    }
}

extension FileError {
    /// The quota of the mailbox's owner is used up.
    var isOverQuota: Bool { errorNumber == EDQUOT }
}
