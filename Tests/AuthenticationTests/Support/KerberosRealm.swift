import Foundation
import Glibc

@testable import Authentication

/// A real KDC of the realm A.EXAMPLE on a free loopback port, with principals for the tests; it ends with the process of the tests.
final class KerberosRealm: Sendable {
    enum Failure: Error { case command(String, output: String) }

    static let missing = "krb5kdc is not installed (Debian packages: krb5-kdc krb5-admin-server krb5-user)"
    static var isInstalled: Bool {
        ["/usr/sbin/krb5kdc", "/usr/sbin/kdb5_util", "/usr/sbin/kadmin.local", "/usr/bin/kinit"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    /// One for all tests.
    static let shared: Result<KerberosRealm, any Error> = Result { try KerberosRealm() }

    // Its input is what the guardian waits for: it ends when this process does.
    private let lifeline: Pipe

    static func configuration(kdcPort: Int) -> String {
        """
        [libdefaults]
        default_realm = A.EXAMPLE
        dns_lookup_kdc = false
        dns_lookup_realm = false
        dns_canonicalize_hostname = false
        rdns = false
        qualify_shortname = ""
        [realms]
        A.EXAMPLE = {
            kdc = 127.0.0.1:\(kdcPort)
        }
        [domain_realm]
        .a.example = A.EXAMPLE

        """
    }

    private static var folder: String { TestLibrary.folder.path }

    private init() throws {
        try TestLibrary.start()
        let folder = Self.folder
        let port = try Self.freePort()
        try Self.configuration(kdcPort: port).write(toFile: TestLibrary.kerberosConfiguration, atomically: true, encoding: .utf8)
        try """
        [kdcdefaults]
        kdc_listen = 127.0.0.1:\(port)
        kdc_tcp_listen = 127.0.0.1:\(port)
        [realms]
        A.EXAMPLE = {
            database_name = \(folder)/principal
            key_stash_file = \(folder)/stash
            acl_file = \(folder)/acl
            max_life = 10h
        }
        [logging]
        kdc = FILE:\(folder)/kdc.log

        """.write(toFile: folder + "/kdc.conf", atomically: true, encoding: .utf8)
        try Self.run("/usr/sbin/kdb5_util", ["create", "-s", "-P", "master", "-r", "A.EXAMPLE"])
        try Self.run(
            "/usr/sbin/kadmin.local", ["-r", "A.EXAMPLE"],
            input: """
                addprinc -pw pencil anna
                addprinc -pw pencil anna/admin
                addprinc -pw pencil nobody
                addprinc -randkey smtp/mail.a.example
                addprinc -randkey smtp/other.a.example
                ktadd -k \(TestLibrary.keytab) smtp/mail.a.example

                """)
        lifeline = Pipe()
        let guardian = Process()
        guardian.executableURL = URL(fileURLWithPath: "/bin/sh")
        guardian.arguments = ["-c", "/usr/sbin/krb5kdc -n & kdc=$!; cat >/dev/null; kill -9 $kdc"]
        guardian.environment = Self.environment
        guardian.standardInput = lifeline
        guardian.standardOutput = FileHandle.nullDevice
        guardian.standardError = FileHandle.nullDevice
        try guardian.run()
    }

    private static var environment: [String: String] {
        ["PATH": "/usr/sbin:/usr/bin:/bin", "KRB5_CONFIG": TestLibrary.kerberosConfiguration, "KRB5_KDC_PROFILE": folder + "/kdc.conf"]
    }

    /// A credentials cache with a ticket; waits until the KDC answers.
    func cache(of principal: String) throws -> String {
        let cache = "FILE:\(Self.folder)/cache-\(UUID().uuidString.prefix(8))"
        let deadline = Date(timeIntervalSinceNow: 60)
        while true {
            do {
                try Self.run("/usr/bin/kinit", ["-c", cache, principal], input: "pencil\n")
                return cache
            } catch {
                guard Date() < deadline else { throw error }
                usleep(100_000)
            }
        }
    }

    private static func run(_ path: String, _ arguments: [String], input: String = "") throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        let (standardInput, output) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = output
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure.command(path, output: text) }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard result == 0 else { throw Failure.command("bind", output: String(cString: strerror(errno))) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
