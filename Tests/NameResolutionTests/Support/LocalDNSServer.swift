import Foundation
import Glibc

/// A real `unbound` on a free loopback port that knows the records it was given, answers NXDOMAIN to everything else, and
/// never asks anyone but the ports it was told to forward to.
///
/// Needs nothing but Foundation, so that other test targets can use this file too. End it with ``stop()``.
final class LocalDNSServer {
    enum Failure: Error, CustomStringConvertible {
        case notInstalled
        case didNotStart(log: String)

        var description: String {
            switch self {
            case .notInstalled: "unbound is not installed (Debian package: unbound)"
            case .didNotStart(let log): "unbound did not start: \(log)"
            }
        }
    }

    /// Why tests that need this server are skipped where ``isInstalled`` is false.
    static let missing = "unbound is not installed (Debian package: unbound)"
    static var isInstalled: Bool { executable != nil }

    private static let executable = ["/usr/sbin/unbound", "/usr/local/sbin/unbound", "/usr/bin/unbound"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// UDP and TCP, on 127.0.0.1.
    let port: UInt16
    private let process: Process
    private let guardian = Process()
    private let lifeline = Pipe()
    private let folder: URL

    /// Starts the server and waits until it answers.
    ///
    /// - Parameters:
    ///   - records: in zone file syntax with absolute names: `example. MX 10 mail.example.`
    ///   - forwards: zones for which a name server on a loopback port is asked; a port that never answers makes names that time out.
    ///   - configuration: more lines for the `server:` clause, such as `local-zone: "refused.example." always_refuse`.
    ///   - port: nil: a free one.
    init(
        records: [String], forwards: [(zone: String, port: UInt16)] = [], configuration: [String] = [], port fixed: UInt16? = nil
    ) throws {
        guard let executable = Self.executable else { throw Failure.notInstalled }
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dns-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var log = ""
        // Between the choice of a port and unbound's bind someone else can take it: then another one.
        for _ in 0..<5 {
            let port = try fixed ?? Self.freePort()
            let file = folder.appendingPathComponent("unbound.conf")
            try Self.text(port, records, forwards, configuration).write(to: file, atomically: true, encoding: .utf8)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: executable)
            process.arguments = ["-d", "-p", "-c", file.path]
            let messages = Pipe()
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = messages
            try process.run()
            if Self.hasStarted(messages.fileHandleForReading, &log) {
                // Nothing reads on: what it says later fits the pipe.
                (self.port, self.process) = (port, process)
                try startGuardian()
                return
            }
            process.terminate()
            process.waitUntilExit()
        }
        // The folder is only a file of configuration; a second error would hide the first.
        try? FileManager.default.removeItem(at: folder)
        throw Failure.didNotStart(log: log)
    }

    /// Ends the server, and returns when it has ended.
    func stop() {
        process.terminate()
        process.waitUntilExit()
        lifeline.fileHandleForWriting.write(Data("done\n".utf8))
        guardian.waitUntilExit()
        // Left behind in the temporary folder it does no harm.
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends the server when our end of its standard input is gone, so that it does not outlive tests that crash.
    private func startGuardian() throws {
        guardian.executableURL = URL(fileURLWithPath: "/bin/sh")
        guardian.arguments = ["-c", "read done || kill \(process.processIdentifier)"]
        guardian.standardInput = lifeline
        guardian.standardOutput = FileHandle.nullDevice
        guardian.standardError = FileHandle.nullDevice
        try guardian.run()
    }

    private static func text(
        _ port: UInt16, _ records: [String], _ forwards: [(zone: String, port: UInt16)], _ configuration: [String]
    ) -> String {
        var lines = [
            "server:", "  interface: 127.0.0.1", "  port: \(port)", "  do-daemonize: no", "  chroot: \"\"", "  username: \"\"",
            "  directory: \"/\"", "  pidfile: \"\"", "  use-syslog: no", "  logfile: \"\"", "  verbosity: 1", "  num-threads: 1",
            "  module-config: \"iterator\"", "  do-not-query-localhost: no", "  access-control: 127.0.0.0/8 allow",
            "  local-zone: \".\" static",
        ]
        lines += forwards.map { "  local-zone: \"\($0.zone)\" transparent" }
        lines += records.map { "  local-data: '\($0)'" }
        lines += configuration.map { "  " + $0 }
        lines += ["remote-control:", "  control-enable: no"]
        for forward in forwards {
            lines += ["forward-zone:", "  name: \"\(forward.zone)\"", "  forward-addr: 127.0.0.1@\(forward.port)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads messages until the one that comes once the sockets are bound; false if it ends, or says nothing for 20 seconds.
    private static func hasStarted(_ messages: FileHandle, _ log: inout String) -> Bool {
        while true {
            var descriptor = pollfd(fd: messages.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 20_000) > 0 else { return false }
            let data = messages.availableData
            if data.isEmpty { return false }
            log += String(decoding: data, as: UTF8.self)
            if log.contains("start of service") { return true }
        }
    }

    private static func freePort() throws -> UInt16 {
        // TCP and UDP ports are separate; one that is free for TCP is tried for UDP too.
        while true {
            let port = try LoopbackSocket(type: Int32(SOCK_STREAM.rawValue)).port
            if (try? LoopbackSocket(type: Int32(SOCK_DGRAM.rawValue), port: port)) != nil { return port }
        }
    }
}

/// A socket bound to a port of 127.0.0.1. A UDP one is a name server that never answers.
final class LoopbackSocket {
    let port: UInt16
    private let descriptor: Int32

    /// - Parameter port: 0: a free one.
    init(type: Int32 = Int32(SOCK_DGRAM.rawValue), port: UInt16 = 0) throws {
        let descriptor = socket(AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard result else {
            let error = errno
            close(descriptor)
            throw POSIXError(.init(rawValue: error) ?? .EIO)
        }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
