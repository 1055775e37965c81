import Foundation

/// A running Postern whose six daemons have six accounts: borrowed ones of the system, as only root can.
final class AccountsUnderTest: Sendable {
    let server: SubmissionUnderTest
    var postern: PosternUnderTest { server.postern }

    static let roles = ["core", "edge", "submission", "auth", "delivery", "mailbox"]
    private static let names = [
        "core": "daemon", "edge": "nobody", "submission": "news", "auth": "uucp", "delivery": "games", "mailbox": "mail",
    ]

    struct Account: Sendable {
        let user: UInt32
        let group: UInt32
    }

    struct NoSuchAccount: Error { let name: String }

    static func account(of role: String) throws -> Account {
        let name = names[role] ?? role
        guard let entry = getpwnam(name) else { throw NoSuchAccount(name: name) }
        return Account(user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    init() async throws {
        let accounts = Self.roles.map { "\($0): \(Self.names[$0]!)" }.joined(separator: ", ")
        server = try await SubmissionUnderTest(
            .init(
                authentication: """
                    { basic: { mechanisms: [PLAIN] }, challenge: { mechanisms: [SCRAM-SHA-256, CRAM-MD5] }, \
                    integrated: { mechanisms: [GSSAPI], keytab: krb5.keytab } }
                    """,
                rest: "run_as: { \(accounts) }\nidentity: { recoverable_secrets: { key: secrets.key } }"))
        let folder = server.postern.folder
        chmod(folder.path, 0o755)
        // The keytab's version and no key.
        try Data([5, 2]).write(to: folder.file("krb5.keytab"))
        try FileManager.default.createDirectory(at: folder.file("mail"), withIntermediateDirectories: false)
        for (file, role) in [("krb5.keytab", "auth"), ("mail.key", "submission"), ("mail", "mailbox")] {
            let owner = try Self.account(of: role)
            chown(folder.file(file).path, owner.user, owner.group)
            chmod(folder.file(file).path, file == "mail" ? 0o755 : 0o600)
        }
        let made = try await server.postern.postern(["credential", "key"])
        guard made.status == 0 else { throw Program.Failed(description: "credential key: \(made.errors)") }
    }

    /// Starts everything and has one message in the mailbox of `bert`.
    ///
    /// - Parameter options: of `postern up`.
    /// - Returns: the file of the message.
    func start(options: [String] = []) async throws -> String {
        try await server.start(options: options)
        let said = try await server.play("@x \(server.postern.port)\nS: 220\n\(Self.mail)\nC: QUIT\nS: 221")
        guard said.isEmpty else { throw Program.Failed(description: said) }
        _ = try await postern.wait(for: 1, messagesFor: "bert")
        let folder = postern.folder.file("mail/local.test/bert/new").path
        return "\(folder)/\(try FileManager.default.contentsOfDirectory(atPath: folder)[0])"
    }

    private static let mail =
        "C: EHLO client.test\nS: 250\n" + SubmissionUnderTest.transaction(from: "friend@far.test", to: "bert@local.test")

    /// What came of each action of `bounds.py`, tried as the account of a role and with nothing else of root's.
    ///
    /// - Parameter sandboxed: whether also the bounds of `postern up --sandbox` hold, by the same launcher.
    func attempt(_ actions: [String], as role: String, sandboxed: Bool = false) async throws -> [String] {
        let account = try Self.account(of: role)
        // Everybody may enter the folder, and nobody is sure to have the folder of the sources.
        let script = try postern.folder.write("bounds.py", try String(contentsOfFile: Program.script("bounds"), encoding: .utf8))
        chmod(script, 0o644)
        let command = [
            try Program.find("setpriv"), "--reuid", "\(account.user)", "--regid", "\(account.group)", "--clear-groups", "--",
            "/usr/bin/python3", script,
        ]
        let launcher = [PosternUnderTest.postern, "confine", role, "--config", postern.configuration, "--"]
        let words = sandboxed ? launcher + command : command
        return try await Program.succeed(
            words[0], Array(words.dropFirst()),
            input: Data((actions.joined(separator: "\n") + "\n").utf8)
        ).text.split(separator: "\n").map(String.init)
    }

    func processID(of role: String) throws -> Int32 {
        guard let id = try postern.processID(of: "postern-\(role)") else { throw Program.Failed(description: "no process of \(role)") }
        return id
    }

    func stop() async { await server.stop() }
}
