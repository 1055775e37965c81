import Foundation
import Glibc
import MailVocabulary
import Testing

@testable import Authentication

/// A Unix socket that answers every connection in one way, and keeps what it was asked.
private final class FakeSaslauthd: @unchecked Sendable {
    // @unchecked: `requests` is touched with `lock` held.
    let path: String
    private let descriptor: Int32
    private let lock = NSLock()
    private let ended = DispatchSemaphore(value: 0)
    private var requests: [[UInt8]] = []

    /// - Parameter answer: nil: never.
    init(answer: [UInt8]?) throws {
        path = "/tmp/sa-\(UUID().uuidString.prefix(12))"
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard bound == 0, listen(descriptor, 16) == 0 else { throw NotATestValue() }
        let thread = Thread { [self] in
            defer { ended.signal() }
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                var request = [UInt8](repeating: 0, count: 4096)
                let count = read(connection, &request, request.count)
                lock.withLock { requests.append(Array(request.prefix(max(count, 0)))) }
                if let answer {
                    _ = answer.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                } else {
                    // Until the other side gives up.
                    while read(connection, &request, request.count) > 0 {}
                }
                close(connection)
            }
        }
        thread.start()
    }

    var asked: [String] { lock.withLock { requests.map { String(decoding: $0, as: UTF8.self) } } }

    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        // The number must not become another socket's while the thread still accepts on it.
        ended.wait()
        close(descriptor)
        unlink(path)
    }
}

@Suite("saslauthd as a source of passwords")
struct SaslauthdTests {
    @Test(
        "its answers",
        arguments: [
            ([0, 2] + Array("OK".utf8), .right), ([0, 9] + Array("OK (fine)".utf8), .right), ([0, 2] + Array("NO".utf8), .wrong),
            ([0, 2] + Array("??".utf8), .unavailable("saslauthd answered with something else than OK or NO")),
            ([0, 1, 0x4F], .unavailable("saslauthd answered with 1 octets")),
            ([0xFF, 0xFF], .unavailable("saslauthd answered with 65535 octets")),
        ] as [([UInt8], Saslauthd.Answer)])
    func answers(_ answer: [UInt8], _ expected: Saslauthd.Answer) throws {
        let fake = try FakeSaslauthd(answer: answer)
        defer { fake.stop() }
        #expect(Saslauthd(socket: fake.path).check(loginName: "anna@a.example", password: Array("pencil".utf8)) == expected)
        #expect(fake.asked == ["\0\u{4}anna\0\u{6}pencil\0\u{4}smtp\0\u{9}a.example"])
    }

    @Test("one that is silent, that hangs up, or that is not there, is unavailable within the deadline")
    func unavailable() throws {
        let silent = try FakeSaslauthd(answer: nil)
        let closing = try FakeSaslauthd(answer: [0])
        defer {
            silent.stop()
            closing.stop()
        }
        for path in [silent.path, closing.path, "/nonexistent/mux", String(repeating: "x", count: 200)] {
            let answer = Saslauthd(socket: path, deadline: .milliseconds(300)).check(loginName: "a", password: [0x70])
            guard case .unavailable = answer else {
                Issue.record("\(path): \(answer)")
                continue
            }
        }
    }

    @Test("it vouches for names without a credential and for other passwords; an expired credential stays expired")
    func vouches() throws {
        let fake = try FakeSaslauthd(answer: [0, 2] + Array("OK".utf8))
        defer { fake.stop() }
        let server = try TestServer(saslauthd: Saslauthd(socket: fake.path))
        for mechanism in [SASLMechanism.plain, .login] {
            let nobody = try server.logIn(mechanism, "nobody", "x").identity
            #expect(nobody == AuthenticatedIdentity(loginName: "nobody@a.example", account: nil, mechanism: mechanism))
            #expect(try server.logIn(mechanism, "anna", "x").identity?.account == address("anna@a.example"))
            #expect(try server.logIn(mechanism, "carl", "x").failure == .expired)
            #expect(try server.logIn(mechanism, "NT\\x", "x").failure == .unknownAccount)
        }
        #expect(fake.asked.count == 8)
        #expect(try server.logIn(.plain, "anna").identity != nil)
        #expect(fake.asked.count == 8, "a password that the directory knows is not shown to it")
    }

    @Test("where it is down, a wrong password and an unknown name are a temporary failure alike")
    func down() throws {
        let server = try TestServer(saslauthd: Saslauthd(socket: "/nonexistent/mux"))
        for name in ["anna", "nobody", "carl"] {
            #expect(try server.logIn(.plain, name, "x").failure?.reply.code == 454, "\(name)")
        }
        #expect(try server.logIn(.plain, "anna").identity != nil)
    }

    @Test("a real saslauthd is asked", .enabled(if: access("/usr/sbin/saslauthd", X_OK) == 0, "saslauthd is not installed (sasl2-bin)"))
    func real() throws {
        let folder = "/tmp/sasld-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(atPath: folder) } catch { Issue.record("\(error)") } }
        // One process in the foreground, which asks the system's accounts; it ends with the input of the shell, at the latest with us.
        let guardian = Process()
        guardian.executableURL = URL(fileURLWithPath: "/bin/sh")
        guardian.arguments = ["-c", "/usr/sbin/saslauthd -a getpwent -d -n 0 -m \(folder) & cat >/dev/null; kill -9 $!"]
        let lifeline = Pipe()
        guardian.standardInput = lifeline
        guardian.standardOutput = FileHandle.nullDevice
        guardian.standardError = FileHandle.nullDevice
        try guardian.run()
        defer {
            do { try lifeline.fileHandleForWriting.close() } catch { Issue.record("\(error)") }
            guardian.waitUntilExit()
        }
        let deadline = Date(timeIntervalSinceNow: 60)
        var answer = Saslauthd.Answer.unavailable("not started")
        while case .unavailable = answer, Date() < deadline, guardian.isRunning {
            answer = Saslauthd(socket: folder + "/mux").check(loginName: "no-such-account-here", password: Array("x".utf8))
            if case .unavailable = answer { usleep(50_000) }
        }
        #expect(answer == .wrong)
    }
}
