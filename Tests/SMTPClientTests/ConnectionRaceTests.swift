import Glibc
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@testable import SMTPClient

@Suite("Client over sockets: a host with several addresses", .timeLimit(.minutes(1)))
struct ConnectionRaceTests {
    /// An address that swallows packets: its queue of connections is full, so that the kernel drops every further SYN.
    private final class BlackHole {
        private let descriptors: [Int32]
        let port: Int

        init() {
            let server = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            place.sin6_addr = in6addr_loopback
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutablePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(server, $0, length)
                    _ = listen(server, 0)
                    _ = getsockname(server, $0, &length)
                }
            }
            port = Int(UInt16(bigEndian: place.sin6_port))
            var all = [server]
            for _ in 0..<4 {
                let client = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                withUnsafePointer(to: &place) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(client, $0, length) }
                }
                all.append(client)
            }
            descriptors = all
        }

        deinit { for descriptor in descriptors { close(descriptor) } }
    }

    private func contact(_ endpoints: [SMTPClientEndpoint]) async throws -> HostContact {
        let addresses = endpoints.map { HostAddress(endpoint: $0, settings: testSettings()) }
        return try await Loops.client.flatSubmit { SMTPClientConnection.connect(toFirstOf: addresses, on: Loops.client) }.get()
    }

    private static let six = IPAddress(parsing: "::1")!

    @Test("an IPv6 address that swallows packets does not hold up the host's other address, and is told as slower")
    func swallows() async throws {
        let hole = BlackHole()
        let server = try await TestServer.start(on: Loops.server)
        let contact = try await contact([.tcp(Self.six, port: hole.port), .tcp(loopback, port: server.port)])
        #expect(contact.place == 1 && contact.slower == [0] && contact.failed == [])
        let connection = try contact.result.get()
        #expect(connection.endpoint == .tcp(loopback, port: server.port))
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test("the first address that answers is taken, and nobody connects to the others")
    func first() async throws {
        let (one, two) = (try await TestServer.start(on: Loops.server), try await TestServer.start(on: Loops.server))
        let contact = try await contact([.tcp(loopback, port: one.port), .tcp(loopback, port: two.port)])
        #expect(contact.place == 0 && contact.slower == [])
        try await contact.result.get().quitFromAfar()
        #expect(two.record.withLock { $0.connections } == 0)
        for server in [one, two] { try await server.stop() }
    }

    @Test("addresses that refuse are passed over at once; where all do, the last word is told")
    func refused() async throws {
        let taken = try LoopbackPort()
        let server = try await TestServer.start(on: Loops.server)
        let dead = SMTPClientEndpoint.tcp(loopback, port: taken.number)
        var contact = try await contact([dead, dead, .tcp(loopback, port: server.port)])
        #expect(contact.place == 2 && contact.failed == [0, 1])
        try await contact.result.get().quitFromAfar()
        contact = try await self.contact([dead, dead])
        #expect(contact.place == 1 && contact.failed == [0])
        guard case .failure(.refused) = contact.result else {
            Issue.record("\(contact.result)")
            return
        }
        try await server.stop()
    }

    @Test("an address that is connected to and refuses the dialogue is the host's word")
    func dialogue() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.banner = "421 4.7.0 too many connections\r\n"
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let contact = try await contact([.tcp(loopback, port: server.port), .tcp(loopback, port: server.port)])
        #expect(contact.place == 0)
        guard case .failure(.session(.bannerRefused)) = contact.result else {
            Issue.record("\(contact.result)")
            return
        }
        try await server.stop()
    }
}
