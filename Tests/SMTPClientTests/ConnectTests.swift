import Glibc
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@testable import SMTPClient

@Suite("Client over sockets: connecting", .timeLimit(.minutes(1)))
struct ConnectTests {
    private func failure(to endpoint: SMTPClientEndpoint, from source: SourceAddresses = .any) async throws -> SMTPConnectFailure? {
        do {
            try await SMTPClientConnection.connect(to: endpoint, from: source, settings: testSettings(), on: Loops.client).get()
                .quitFromAfar()
            return nil
        } catch let error as SMTPConnectFailure {
            return error
        }
    }

    @Test("nobody listens")
    func refused() async throws {
        let taken = try LoopbackPort()
        #expect(try await failure(to: .tcp(loopback, port: taken.number)) == .refused)
    }

    @Test("no such Unix socket, and a path too long for one")
    func unix() async throws {
        guard case .unreachable = try await failure(to: .unix(path: "/tmp/postern-no-such-socket")) else {
            Issue.record("expected unreachable")
            return
        }
        let long = "/tmp/" + String(repeating: "x", count: 200)
        #expect(try await failure(to: .unix(path: long)) != nil)
    }

    @Test("a Unix socket with many waiting is tried again until there is room, and no next hop that cannot be reached")
    func fullSocket() async throws {
        let path = "/tmp/postern-full-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(path) }
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: path.utf8) }
        func withPlace(_ body: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
            withUnsafePointer(to: &place) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) } }
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(withPlace { bind(server, $0, length) } == 0)
        #expect(listen(server, 0) == 0)
        // Whoever fills it, until the kernel says EAGAIN.
        var waiting: [Int32] = []
        while true {
            let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            if withPlace({ connect(client, $0, length) }) != 0 {
                #expect(errno == EAGAIN)
                close(client)
                break
            }
            waiting.append(client)
        }
        let connecting = SMTPClientConnection.connect(to: .unix(path: path), from: .any, settings: testSettings(), on: Loops.client)
        // It has met the full socket by now, or does so later: either way it must come through once there is room.
        try await Task.sleep(for: .milliseconds(200))
        for client in waiting { close(client) }
        var accepted: [Int32] = []
        for _ in 0...waiting.count { accepted.append(accept(server, nil, nil)) }
        let greeting = Array("220 x\r\n250 x\r\n".utf8)
        #expect(send(accepted[accepted.count - 1], greeting, greeting.count, Int32(MSG_NOSIGNAL)) == greeting.count)
        let connection = try await connecting.get()
        for descriptor in accepted + [server] { close(descriptor) }
        _ = connection
    }

    @Test("no such port")
    func port() async throws {
        #expect(try await failure(to: .tcp(loopback, port: 70000)) == .local("no port 70000"))
    }

    @Test("the source address is the one asked for")
    func source() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let source = SourceAddresses(ipv4: IPAddress(ipv4: 0x7F00_0002), ipv6: nil)
        let connection = try await connect(server, from: source)
        #expect(server.record.withLock { $0.remoteAddresses } == ["127.0.0.2"])
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test("a source address that is not ours is our own failure")
    func foreignSource() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let source = SourceAddresses(ipv4: IPAddress(ipv4: 0xC000_0201), ipv6: nil)
        guard case .local = try await failure(to: .tcp(loopback, port: server.port), from: source) else {
            Issue.record("expected a local failure")
            return
        }
        try await server.stop()
    }

    @Test("an endpoint is shown as one writes it")
    func descriptions() {
        #expect(SMTPClientEndpoint.tcp(loopback, port: 25).description == "127.0.0.1:25")
        #expect(SMTPClientEndpoint.tcp(IPAddress(parsing: "2001:db8::1")!, port: 25).description == "[2001:db8::1]:25")
        #expect(SMTPClientEndpoint.unix(path: "/run/lmtp").description == "unix:/run/lmtp")
    }

    @Test("no phase is longer than the idle limit, and each has at least what RFC 5321 asks for")
    func limits() {
        let long = SMTPClientTimeouts(idle: .seconds(3600))
        #expect(long.limit(for: .mail) == .seconds(300))
        #expect(long.limit(for: .dataInitiation) == .seconds(120))
        #expect(long.limit(for: .contentEnd) == .seconds(600))
        let short = SMTPClientTimeouts(idle: .seconds(5))
        for phase in [WaitPhase.banner, .hello, .mail, .recipient, .dataInitiation, .contentBlock, .contentEnd, .idle, .quit] {
            #expect(short.limit(for: phase) <= .seconds(5))
        }
    }
}
