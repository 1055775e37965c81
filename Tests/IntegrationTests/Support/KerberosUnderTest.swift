import Foundation

/// A KDC of MIT Kerberos on a loopback port, with the realm FAR.TEST: a user, and the key of one mail server.
final class KerberosUnderTest: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    let folder: TemporaryFolder
    private var process: ChildProcess?

    /// Where its programs and libsasl2's find the realm.
    var environment: [String: String] {
        ["KRB5_CONFIG": folder.file("krb5.conf").path, "KRB5_KDC_PROFILE": folder.file("kdc.conf").path]
    }
    /// With the key of `smtp/HOST`, open to the account of a mail server.
    var keytab: String { folder.file("keytab").path }

    init(mailServer host: String) async throws {
        folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        let port = try FreePort.take()
        try folder.write(
            "krb5.conf",
            """
            [libdefaults]
              default_realm = FAR.TEST
              dns_lookup_kdc = false
              dns_lookup_realm = false
              dns_canonicalize_hostname = false
              rdns = false
            [realms]
              FAR.TEST = {
                kdc = 127.0.0.1:\(port)
              }
            [domain_realm]
              \(host) = FAR.TEST

            """)
        chmod(folder.file("krb5.conf").path, 0o644)
        try folder.write(
            "kdc.conf",
            """
            [kdcdefaults]
              kdc_listen = 127.0.0.1:\(port)
              kdc_tcp_listen = 127.0.0.1:\(port)
            [realms]
              FAR.TEST = {
                database_name = \(folder.path)/principal
                key_stash_file = \(folder.path)/stash
                acl_file = \(folder.path)/acl
              }
            [logging]
              kdc = FILE:\(folder.path)/log

            """)
        try await run("kdb5_util", ["create", "-s", "-P", "master", "-r", "FAR.TEST"])
        try await run(
            "kadmin.local", ["-r", "FAR.TEST"],
            input: "addprinc -pw pencil us\naddprinc -randkey smtp/\(host)\nktadd -k \(keytab) smtp/\(host)\n")
        chmod(keytab, 0o644)
        let log = folder.file("output").path
        process = try ChildProcess(Program.find("krb5kdc"), ["-n"], environment: environment, output: log, errors: log)
        _ = try await eventually("the KDC listens") { FreePort.isTaken(port) ? true : nil }
    }

    /// Gets the user's ticket into a file.
    func ticket(in file: String) async throws { try await run("kinit", ["-c", "FILE:\(file)", "us"], input: "pencil\n") }

    private func run(_ name: String, _ arguments: [String], input: String = "") async throws {
        let result = try await Program.run(name, arguments, input: Data(input.utf8), environment: environment)
        guard result.status == 0 else { throw PostfixUnderTest.Failure(description: "\(name): \(result.text)\(result.errors)") }
    }

    func stop() {
        process?.signal(SIGTERM)
        process = nil
    }

    deinit { process?.signal(SIGKILL) }
}
