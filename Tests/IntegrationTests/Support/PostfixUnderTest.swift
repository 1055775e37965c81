import Foundation

/// A Postfix of a test's own that takes mail as a smart host: several smtpd on loopback ports, each with its own settings. What it takes,
/// it throws away, and its log says what it saw. Dovecot has its passwords. Only root can start them.
final class PostfixUnderTest: @unchecked Sendable {
    // Invariant: `process` and `dovecot` are changed by the test's own task alone.

    /// One smtpd.
    struct Service {
        let name: String
        /// Of main.cf, for this one.
        var settings: [String: String] = [:]
        /// Of this machine; with another than the first, a service has the port of the one before it, as the hosts of one domain do.
        var address = "127.0.0.1"
    }

    static var canRun: Bool { getuid() == 0 }
    /// The user that can log in.
    static let (user, password) = ("us", "correct horse")

    let folder: TemporaryFolder
    private(set) var ports: [String: Int] = [:]
    private var process: ChildProcess?
    private var dovecot: ChildProcess?

    /// - Parameters:
    ///   - certificate: shown by the services that name no other.
    ///   - kerberos: whose tickets the services take that have `smtpd_sasl_type` `cyrus`.
    init(_ services: [Service], certificate: CertificateUnderTest, kerberos: KerberosUnderTest? = nil) async throws {
        folder = try TemporaryFolder()
        // Its processes have an account of their own, which must be able to read here.
        chmod(folder.path, 0o755)
        for name in ["etc", "spool", "data", "dovecot"] {
            try FileManager.default.createDirectory(atPath: folder.file(name).path, withIntermediateDirectories: true)
        }
        try await Program.run("chown", ["postfix", folder.file("data").path])
        try await startDovecot()
        try folder.write("etc/main.cf", main(certificate, kerberos))
        try folder.write("etc/master.cf", try master(services))
        let log = folder.file("log").path
        process = try ChildProcess(Program.find("postfix"), ["-c", folder.file("etc").path, "start-fg"], output: log, errors: log)
        for (name, port) in ports {
            _ = try await eventually("Postfix listens for \(name); its log:\n\(logText)") { FreePort.isTaken(port) ? true : nil }
        }
    }

    /// Dovecot, for its passwords alone: mechanisms and checks are its own.
    private func startDovecot() async throws {
        let (path, log) = ("\(folder.path)/dovecot", folder.file("dovecot/log").path)
        try folder.write("dovecot/users", "\(Self.user):{PLAIN}\(Self.password)\n")
        chmod(folder.file("dovecot/users").path, 0o644)
        let file = try folder.write(
            "dovecot/dovecot.conf",
            """
            base_dir = \(path)/run
            state_dir = \(path)/state
            log_path = \(log)
            protocols =
            listen = 127.0.0.1
            ssl = no
            auth_mechanisms = plain login scram-sha-256
            passdb {
              driver = passwd-file
              args = username_format=%u \(path)/users
            }
            service auth {
              unix_listener \(path)/auth {
                mode = 0666
              }
            }

            """)
        dovecot = try ChildProcess(Program.find("dovecot"), ["-F", "-c", file], output: log, errors: log)
        _ = try await eventually("Dovecot listens; its log:\n\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "none")") {
            FileManager.default.fileExists(atPath: "\(path)/auth") ? true : nil
        }
    }

    private func main(_ certificate: CertificateUnderTest, _ kerberos: KerberosUnderTest?) -> String {
        let variables = (kerberos?.environment ?? [:]).merging(kerberos.map { ["KRB5_KTNAME": $0.keytab] } ?? [:]) { $1 }
        return """
            compatibility_level = 3.6
            queue_directory = \(folder.path)/spool
            data_directory = \(folder.path)/data
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = smart.test
            mydestination =
            local_recipient_maps =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mynetworks = 127.0.0.0/8
            default_transport = discard
            relay_transport = discard
            smtpd_relay_restrictions = permit_mynetworks, reject
            smtpd_tls_security_level = may
            smtpd_tls_chain_files = \(certificate.key), \(certificate.path)
            smtpd_tls_loglevel = 1
            smtpd_sasl_type = dovecot
            smtpd_sasl_path = \(folder.path)/dovecot/auth
            import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C \(variables.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
            maillog_file = \(folder.path)/maillog
            maillog_file_prefixes = \(folder.path)

            """
    }

    private func master(_ services: [Service]) throws -> String {
        // Debian's own, without chroot: what it would need there is not there.
        let debian = try String(contentsOfFile: "/usr/share/postfix/master.cf.dist", encoding: .utf8)
        var lines = debian.split(separator: "\n").filter { !$0.hasPrefix("smtp      inet") && !$0.hasPrefix("postlog") }.map { line in
            var words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            guard !line.hasPrefix("#"), !line.hasPrefix(" "), words.count >= 8 else { return String(line) }
            words[4] = "n"
            return words.joined(separator: " ")
        }
        var port = 0
        for service in services {
            if service.address == "127.0.0.1" { port = try FreePort.take() }
            ports[service.name] = port
            lines.append("\(service.address):\(port) inet n - n - - smtpd")
            lines += service.settings.sorted { $0.key < $1.key }.map { "  -o { \($0.key) = \($0.value) }" }
        }
        return (lines + ["postlog unix-dgram n - n - 1 postlogd", ""]).joined(separator: "\n")
    }

    var logText: String {
        [folder.file("maillog"), folder.file("log")].compactMap {
            try? String(contentsOf: $0, encoding: .utf8)  // Not there yet: it has said nothing.
        }.joined(separator: "\n")
    }

    /// Waits until its log has a line with all of these words.
    func logs(_ words: String...) async throws {
        _ = try await eventually("Postfix logs \(words); its log:\n\(logText)") {
            logText.split(separator: "\n").contains { line in words.allSatisfy { line.contains($0) } } ? true : nil
        }
    }

    func stop() async {
        let running = [process, dovecot].compactMap { $0 }
        (process, dovecot) = (nil, nil)
        for process in running {
            process.signal(SIGTERM)
            _ = await process.ended()
        }
    }

    // The masters' processes end when they do.
    deinit { for process in [process, dovecot] { process?.signal(SIGTERM) } }

    struct Failure: Error, CustomStringConvertible { let description: String }
}

/// A certificate with its key that `openssl` made.
struct CertificateUnderTest {
    /// PEM files.
    let path: String
    let key: String

    /// An authority.
    static func authority(in folder: TemporaryFolder, _ name: String = "ca") async throws -> CertificateUnderTest {
        let made = CertificateUnderTest(path: folder.file("\(name).pem").path, key: folder.file("\(name).key").path)
        try await openssl(
            ["req", "-x509", "-subj", "/CN=\(name)", "-days", "10", "-keyout", made.key, "-out", made.path] + newKey)
        return made
    }

    /// One that this authority has signed.
    func issue(_ host: String, in folder: TemporaryFolder, _ name: String, isExpired: Bool = false) async throws -> CertificateUnderTest {
        let made = CertificateUnderTest(path: folder.file("\(name).pem").path, key: folder.file("\(name).key").path)
        let request = folder.file("\(name).csr").path
        let extensions = try folder.write("\(name).ext", "subjectAltName = DNS:\(host)\n")
        try await Self.openssl(["req", "-new", "-subj", "/CN=\(host)", "-keyout", made.key, "-out", request] + Self.newKey)
        try await Self.openssl([
            "x509", "-req", "-in", request, "-CA", path, "-CAkey", key, "-set_serial", "\(Int.random(in: 1...1_000_000_000))",
            "-days", isExpired ? "-1" : "10", "-extfile", extensions, "-out", made.path,
        ])
        return made
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private static func openssl(_ arguments: [String]) async throws {
        let result = try await Program.run("openssl", arguments)
        guard result.status == 0 else {
            throw PostfixUnderTest.Failure(description: "openssl \(arguments.joined(separator: " ")): \(result.errors)")
        }
    }
}
