import CrashModel
import DurableStorage
import MailVocabulary
import Testing

@testable import MailboxService

/// Deliveries to `user@example.org` below one folder.
struct MaildirFixture {
    let root: String
    let store: MaildirStore
    let receivedAt = Timestamp(seconds: 1_800_000_000)

    init(root: String, fileSystem: any FileSystem = POSIXFileSystem(), now: Timestamp = .now()) {
        self.root = root
        store = MaildirStore(fileSystem: fileSystem, host: "mx.example.org", now: { now })
    }

    /// The Maildir, relative to the root.
    static let maildir = "example.org/user"
    var maildir: String { "\(root)/\(Self.maildir)" }

    /// - Returns: whether it was written now, and not there before.
    @discardableResult
    func deliver(
        _ content: [[UInt8]], message: Int64, recipient: UInt32 = 0, user: String = "user", mayBeRepeat: Bool = false
    ) throws -> Bool {
        let template = try #require(MaildirPathTemplate("\(root)/{domain}/{user}"))
        let address = try #require(EmailAddress(parsing: "\(user)@example.org"))
        let writer = try store.begin(
            in: try template.folder(of: address), message: QueueID(value: message), recipient: recipient, receivedAt: receivedAt,
            mayBeRepeat: mayBeRepeat)
        for chunk in content { try chunk.withUnsafeBytes { try writer.write($0) } }
        try writer.commit()
        return !writer.isAlreadyThere
    }

    func name(message: Int64, recipient: UInt32 = 0) -> String {
        "1800000000.Q\(QueueID(value: message))R\(recipient).mx.example.org"
    }

    func names(_ folder: String) throws -> [String] { try POSIXFileSystem().list("\(maildir)/\(folder)").sorted() }

    func content(_ path: String) throws -> [UInt8] { try POSIXFileSystem().open("\(maildir)/\(path)").readAll() }
}
