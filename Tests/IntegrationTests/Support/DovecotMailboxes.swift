import Foundation

/// Dovecot with IMAP and POP3 over TLS on loopback ports, an LMTP socket, and a passwd-file of SCRAM keys.
final class DovecotMailboxes: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    let imaps: Int
    let pop3s: Int
    private let folder: TemporaryFolder
    private var process: ChildProcess?

    /// The path of the LMTP socket.
    var lmtp: String { folder.file("run/lmtp").path }

    init(users: [String], password: String) async throws {
        (imaps, pop3s, folder) = (try FreePort.take(), try FreePort.take(), try TemporaryFolder())
        // Its processes run as other accounts.
        chmod(folder.path, 0o755)
        try await Certificate.selfSigned(in: folder, name: "dovecot")
        let key = try await Program.succeed("python3", ["-c", Self.keyMaker, password]).text.trimmingCharacters(in: .whitespacesAndNewlines)
        let (user, group) = Self.account
        try folder.write("users", users.map { "\($0):{SCRAM-SHA-256}\(key)\n" }.joined())
        chmod(folder.file("users").path, 0o644)
        try FileManager.default.createDirectory(atPath: folder.file("mail").path, withIntermediateDirectories: true)
        if getuid() == 0 { chown(folder.file("mail").path, user, group) }
        let (login, main) = getuid() == 0 ? ("dovenull", "dovecot") : (NSUserName(), NSUserName())
        let mainGroup = getuid() == 0 ? "dovecot" : getgrgid(group).map { String(cString: $0.pointee.gr_name) } ?? main
        let path = folder.path
        try folder.write(
            "dovecot.conf",
            """
            protocols = imap pop3 lmtp
            listen = 127.0.0.1
            base_dir = \(path)/run
            state_dir = \(path)/state
            log_path = \(path)/log
            default_login_user = \(login)
            default_internal_user = \(main)
            default_internal_group = \(mainGroup)
            ssl = required
            ssl_cert = <\(path)/dovecot.pem
            ssl_key = <\(path)/dovecot.key
            auth_mechanisms = plain scram-sha-256
            mail_location = maildir:~/Maildir
            first_valid_uid = 1
            passdb {
              driver = passwd-file
              args = username_format=%u \(path)/users
            }
            userdb {
              driver = static
              args = uid=\(user) gid=\(group) home=\(path)/mail/%u
            }
            service imap-login {
              inet_listener imap {
                port = 0
              }
              inet_listener imaps {
                port = \(imaps)
                ssl = yes
              }
              chroot =
            }
            service pop3-login {
              inet_listener pop3 {
                port = 0
              }
              inet_listener pop3s {
                port = \(pop3s)
                ssl = yes
              }
              chroot =
            }
            service lmtp {
              unix_listener lmtp {
                mode = 0666
              }
            }
            service anvil {
              chroot =
            }
            service stats {
              chroot =
            }

            """)
    }

    /// Who owns the mailboxes.
    private static var account: (uid_t, gid_t) {
        guard getuid() == 0, let nobody = getpwnam("mail") else { return (getuid(), getgid()) }
        return (nobody.pointee.pw_uid, nobody.pointee.pw_gid)
    }

    /// RFC 5803's fields as Dovecot writes them: iterations, salt, stored key, server key.
    private static let keyMaker = """
        import base64, hashlib, hmac, os, sys
        salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac("sha256", sys.argv[1].encode(), salt, 4096)
        stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
        text = [base64.b64encode(x).decode() for x in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))]
        print("4096," + ",".join(text))
        """

    func start() async throws {
        let output = folder.file("output").path
        process = try ChildProcess(
            Program.find("dovecot"), ["-F", "-c", folder.file("dovecot.conf").path], output: output, errors: output)
        let said = { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }  // Nothing said is nothing there.
        _ = try await eventually("Dovecot listens; \(said())\n\(logText)") {
            FreePort.isTaken(imaps) && FreePort.isTaken(pop3s) && FileManager.default.fileExists(atPath: lmtp) ? true : nil
        }
    }

    var logText: String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }  // No log yet is an empty one.

    func stop() async {
        guard let process else { return }
        self.process = nil
        process.signal(SIGTERM)
        _ = await process.ended()
    }

    deinit { process?.signal(SIGTERM) }
}
