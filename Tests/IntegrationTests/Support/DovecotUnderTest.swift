import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Dovecot on loopback with a passwd-file, started by the test: IMAP and POP3 with PLAIN and SCRAM-SHA-256.
final class DovecotUnderTest: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    let imap: Int
    let pop3: Int
    private let folder: TemporaryFolder
    private let process: ChildProcess

    /// The account that opens the mailboxes: Dovecot refuses root for that.
    static var mailAccount: String { getuid() == 0 ? "nobody" : NSUserName() }

    /// - Parameter users: the passwd-file, as `postern user export` has made it.
    init(users: String) throws {
        folder = try TemporaryFolder()
        (imap, pop3) = (try FreePort.take(), try FreePort.take())
        let log = folder.file("log").path
        // Its processes give up root, and read through this folder.
        chmod(folder.path, 0o755)
        let accounts =
            getuid() == 0
            ? ""
            : """
            default_login_user = \(NSUserName())
            default_internal_user = \(NSUserName())
            default_internal_group = \(getgid())
            service anvil { chroot = }
            """
        let login = getuid() == 0 ? "" : "chroot ="
        try folder.write(
            "dovecot.conf",
            """
            protocols = imap pop3
            base_dir = \(folder.path)/run
            state_dir = \(folder.path)/state
            log_path = \(log)
            auth_verbose = yes
            ssl = no
            disable_plaintext_auth = no
            auth_mechanisms = plain login scram-sha-256
            auth_username_chars = abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890.-_@+
            first_valid_uid = 1
            first_valid_gid = 1
            \(accounts)
            passdb {
              driver = passwd-file
              args = \(users)
            }
            userdb {
              driver = passwd-file
              args = \(users)
            }
            service imap-login {
              \(login)
              inet_listener imap {
                address = 127.0.0.1
                port = \(imap)
              }
              inet_listener imaps {
                port = 0
              }
            }
            service pop3-login {
              \(login)
              inet_listener pop3 {
                address = 127.0.0.1
                port = \(pop3)
              }
              inet_listener pop3s {
                port = 0
              }
            }
            """)
        process = try ChildProcess(
            "/usr/sbin/dovecot", ["-F", "-c", folder.file("dovecot.conf").path], output: log, errors: log)
    }

    var log: String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }  // none yet

    func start() async throws {
        _ = try await eventually("Dovecot listens; its log:\n\(log)") { FreePort.isTaken(imap) && FreePort.isTaken(pop3) ? true : nil }
    }

    func stop() async {
        process.signal(SIGTERM)
        _ = await process.ended()
    }

    deinit { process.signal(SIGTERM) }
}
