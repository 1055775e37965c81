import Foundation
import Synchronization

/// Runs programs that this project did not write, and our own.
enum Program {
    struct Result: Sendable {
        let status: Int32
        let output: Data
        let errors: String
        var text: String { String(decoding: output, as: UTF8.self) }
    }

    struct Missing: Error, CustomStringConvertible {
        let name: String
        var description: String { "\(name) is not installed; `make test` installs it" }
    }

    /// The full path of a program on PATH or in the folders of daemons.
    static func find(_ name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/lib/postfix/sbin"] {
            let candidate = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Missing(name: name)
    }

    /// Runs a program to its end, with what it may read on standard input.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]) async throws -> Result
    {
        // Files instead of pipes: a program that writes more than a pipe holds never waits for us.
        let scratch = try TemporaryFolder()
        let (source, output, errors) = (scratch.file("in"), scratch.file("out"), scratch.file("err"))
        try input.write(to: source)
        let process = try ChildProcess(
            name.contains("/") ? name : find(name), arguments, environment: environment, input: source.path, output: output.path,
            errors: errors.path)
        let status = await process.ended()
        return Result(status: status, output: try Data(contentsOf: output), errors: try String(contentsOf: errors, encoding: .utf8))
    }
}

/// A folder of a test's own, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/postern-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError(.EIO) }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // A folder that stays is no failure of the test.

    func file(_ name: String) -> URL { URL(fileURLWithPath: "\(path)/\(name)") }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: file(name))
        return file(name).path
    }
}

/// Ports for programs that are told where to listen.
enum FreePort {
    // Below the range from which the kernel takes ports for those who do not care, so that no other test is given one of these between
    // our look and the program's start; and each once per process.
    private static let next = Mutex(10_000 + Int(getpid()) * 37 % 9_000)

    /// A port of 127.0.0.1 that nobody listens on, and nobody else in this process is given.
    static func take() throws -> Int {
        for _ in 0..<2000 {
            let port = next.withLock { next in
                next = next >= 19_999 ? 10_000 : next + 1
                return next
            }
            if canBind(port) { return port }
        }
        throw POSIXError(.EADDRINUSE)
    }

    private static func canBind(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }

    /// Whether somebody listens there.
    static func isTaken(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }
}

struct NeverHappened: Error, CustomStringConvertible { let description: String }

/// Waits for something that another process brings about, looking again until it is so.
func eventually<Value>(
    within seconds: Double = 30, _ what: @autoclosure () -> String, _ probe: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + .seconds(seconds)
    repeat {
        if let value = try await probe() { return value }
        // Another process gives no event to wait for; looking again is how one waits for it.
        try await ContinuousClock().sleep(for: .milliseconds(20))
    } while ContinuousClock.now < end
    throw NeverHappened(description: "within \(seconds) s this did not happen: \(what())")
}
