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
