import Foundation

/// unbound on a loopback port: it knows the records it was given, and everything else does not exist.
final class DNSUnderTest: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    let port: Int
    private let folder: TemporaryFolder
    private var process: ChildProcess?

    /// - Parameter records: in zone file syntax with absolute names: `example. MX 10 mail.example.`
    /// - Parameter zones: whole zones with their signatures.
    init(_ records: [String], zones: [SignedZone] = []) async throws {
        port = try FreePort.take()
        folder = try TemporaryFolder()
        let log = folder.file("log").path
        let file = try folder.write(
            "unbound.conf",
            """
            server:
              interface: 127.0.0.1
              port: \(port)
              do-daemonize: no
              chroot: ""
              username: ""
              directory: "/"
              pidfile: ""
              use-syslog: no
              logfile: ""
              num-threads: 1
              module-config: "iterator"
              local-zone: "." static
              # Its own idea of this zone is "localhost".
              local-zone: "127.in-addr.arpa." static
            \(zones.map { "  local-zone: \"\($0.name).\" transparent" }.joined(separator: "\n"))
            \(records.map { "  local-data: '\($0)'" }.joined(separator: "\n"))
            \(zones.map { "auth-zone:\n  name: \"\($0.name).\"\n  zonefile: \"\($0.file)\"\n  for-upstream: no" }.joined(separator: "\n"))
            remote-control:
              control-enable: no

            """)
        process = try ChildProcess(Program.find("unbound"), ["-d", "-p", "-c", file], output: log, errors: log)
        _ = try await eventually("unbound listens on port \(port)") { FreePort.isTaken(port) ? true : nil }
    }

    func stop() {
        process?.signal(SIGTERM)
        process = nil
    }

    deinit { process?.signal(SIGKILL) }
}
