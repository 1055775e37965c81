import Foundation

/// A Kerberos realm, LOCAL.TEST, with a KDC on a loopback port.
final class KDCUnderTest: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    let folder: TemporaryFolder
    private let port: Int
    private var process: ChildProcess?

    var keytab: String { folder.file("keytab").path }
    /// For every program that takes part.
    var environment: [String: String] {
        ["KRB5_CONFIG": folder.file("krb5.conf").path, "KRB5_KDC_PROFILE": folder.file("kdc.conf").path]
    }

    /// - Parameter people: with this password; the keytab holds `smtp/` and this host.
    init(host: String, people: [String], password: String) async throws {
        (folder, port) = (try TemporaryFolder(), try FreePort.take())
        let path = folder.path
        try folder.write(
            "krb5.conf",
            """
            [libdefaults]
            default_realm = LOCAL.TEST
            dns_lookup_kdc = false
            dns_lookup_realm = false
            dns_canonicalize_hostname = false
            rdns = false
            qualify_shortname = ""
            [realms]
            LOCAL.TEST = {
                kdc = 127.0.0.1:\(port)
            }
            [domain_realm]
            .postern.test = LOCAL.TEST

            """)
        try folder.write(
            "kdc.conf",
            """
            [kdcdefaults]
            kdc_listen = 127.0.0.1:\(port)
            kdc_tcp_listen = 127.0.0.1:\(port)
            [realms]
            LOCAL.TEST = {
                database_name = \(path)/principal
                key_stash_file = \(path)/stash
                acl_file = \(path)/acl
            }
            [logging]
            kdc = FILE:\(path)/kdc.log

            """)
        try await Program.succeed(
            Program.find("kdb5_util"), ["create", "-s", "-P", "master", "-r", "LOCAL.TEST"], environment: environment)
        let commands =
            people.map { "addprinc -pw \"\(password)\" \($0)" } + ["addprinc -randkey smtp/\(host)", "ktadd -k \(keytab) smtp/\(host)"]
        try await Program.succeed(
            Program.find("kadmin.local"), ["-r", "LOCAL.TEST"], input: Data((commands.joined(separator: "\n") + "\n").utf8),
            environment: environment)
    }

    func start() throws {
        process = try ChildProcess(Program.find("krb5kdc"), ["-n"], environment: environment)
    }

    /// Gets somebody a ticket; the environment of a program that uses it.
    func ticket(of name: String, password: String) async throws -> [String: String] {
        let environment = environment.merging(["KRB5CCNAME": "FILE:\(folder.path)/cache-\(name)"]) { $1 }
        _ = try await eventually("a ticket of the KDC for \(name)") {
            try await Program.run("kinit", [name], input: Data("\(password)\n".utf8), environment: environment).status == 0 ? true : nil
        }
        return environment
    }

    func stop() {
        process?.signal(SIGTERM)
        process = nil
    }

    deinit { process?.signal(SIGKILL) }
}
