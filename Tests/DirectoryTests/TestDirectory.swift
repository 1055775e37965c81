import Directory
import DurableStorage
import Glibc
import MailVocabulary
import Testing

/// A directory in a folder of one test, removed with it. Ours are `a.example` and, shared with another system, `s.example`.
final class TestDirectory {
    private let folder: String
    private(set) var directory: Directory
    static let domains = DirectoryDomains(
        authoritative: [DomainName(parsing: "a.example")!], shared: [DomainName(parsing: "s.example")!])
    static let settings = Directory.Settings(iterations: 4096)

    init(users: [String] = [], settings: Directory.Settings = settings) throws {
        var template = Array("/tmp/postern-directory-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        directory = try Directory(path: "\(folder)/\(Directory.fileName)", domains: Self.domains, settings: settings)
        for user in users { try directory.addUser(address(user)) }
    }

    deinit {
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        rmdir(folder)
    }

    var path: String { "\(folder)/\(Directory.fileName)" }

    func reopen() throws { directory = try Directory(path: path, domains: directory.domains, settings: Self.settings) }

    /// Changes the file behind the directory's back, without any of its checks.
    func forge(_ sql: String) throws { try SQLiteConnection(path: path, mode: .readWrite).execute(sql) }

    /// An alias or group without any check.
    func forge(_ kind: Int, _ owner: String, to targets: [String]) throws {
        try forge(
            """
            INSERT INTO entries (key, address, kind, forward, created_at)
            VALUES ('\(owner)@a.example', '\(owner)@a.example', \(kind), 0, 0)
            """
        )
        for target in targets {
            try forge(
                """
                INSERT INTO targets SELECT id, '\(target)@a.example', '\(target)@a.example' FROM entries WHERE key = '\(owner)@a.example'
                """)
        }
    }
}

/// `anna` is `anna@a.example`.
func address(_ text: String) -> EmailAddress {
    EmailAddress(parsing: text.contains("@") ? text : "\(text)@a.example")!
}

func addresses(_ texts: String...) -> [EmailAddress] { texts.map(address) }
