import NIOCore
import Testing

@testable import TransportSecurity

@Suite("Octets go both ways, and end as they should")
struct TransferTests {
    private func session(
        echoes: Bool = true, autoRead: Bool = true
    ) async throws -> (EchoServer, TestClient) {
        let server = try await EchoServer(CurrentServerContext(try ServerContext(try Lab.mail.get())), echoes: echoes)
        let client = try await TestClient(
            port: server.port, tls: try ClientContext(ClientSettings(verification: .reported)), peer: try host("mail.example"),
            autoRead: autoRead)
        _ = try await client.settled()
        return (server, client)
    }

    @Test("16 MiB go to the server and come back whole")
    func big() async throws {
        let (server, client) = try await session()
        let total = 16 << 20
        for _ in 0..<(total >> 16) { client.channel.write(ByteBuffer(repeating: 0x41, count: 1 << 16), promise: nil) }
        client.channel.flush()
        try await eventually("all of it") { client.record.count == total }
        #expect(server.record.value.received == total)
        try await client.close()
        try await server.stop()
    }

    @Test("written records count in the channel's writability before they are flushed, and nothing is lost")
    func writability() async throws {
        let (server, client) = try await session(echoes: false)
        let piece = ByteBuffer(repeating: 0x42, count: 16_384)
        let loop = client.channel.eventLoop
        let channel = client.channel
        // As long as it is writable, and not once more: what a well-behaved writer does.
        let written = try await loop.submit {
            var count = 0
            while channel.isWritable, count < 10_000 {
                channel.write(piece, promise: nil)
                count += 1
            }
            return count
        }.get()
        // Without a flush nothing reaches the socket: all of it is counted, record by record.
        #expect(written < 10)
        channel.flush()
        try await eventually("what was written") { server.record.value.received == written * 16_384 }
        try await eventually("writable again") { channel.isWritable }
        try await client.close()
        try await server.stop()
    }

    @Test("a peer that reads nothing stops the echo: what waits for it is bounded by the sockets and one read; then all of it arrives")
    func slowReader() async throws {
        let (server, client) = try await session(autoRead: false)
        // Nobody reads here until told; the handshake has read for itself.
        let total = 32 << 20
        let pieces = total >> 16
        for _ in 0..<pieces { client.channel.write(ByteBuffer(repeating: 0x43, count: 1 << 16), promise: nil) }
        client.channel.flush()
        try await eventually("the server has begun") { server.record.value.received > 0 }
        try await client.channel.setOption(.autoRead, value: true).get()
        try await eventually("all of it") { client.record.count == total }
        try await client.close()
        try await server.stop()
    }

    @Test("the client ends its output: the server hears it, answers to the end, and says close_notify itself")
    func halfClose() async throws {
        let (server, client) = try await session()
        client.channel.write(ByteBuffer(string: "last words\n"), promise: nil)
        try await client.channel.close(mode: .output)
        try await eventually("the answer after our end") { client.record.isInputClosed }
        #expect(String(decoding: client.record.received, as: UTF8.self) == "last words\nend\n")
        #expect(!server.record.value.isTruncated)
        await #expect(throws: (any Error).self) { try await client.send("more") }
        try await client.close()
        try await server.stop()
    }

    @Test("a renewal is shown to new sessions, and a session that is open goes on")
    func renewal() async throws {
        let current = CurrentServerContext(try ServerContext(try Lab.mail.get()))
        let server = try await EchoServer(current)
        let settings = ClientSettings(verification: .reported, rememberedSessions: 0)
        let context = try ClientContext(settings)
        let old = try await TestClient(port: server.port, tls: context, peer: try host("mail.example"))
        _ = try await old.settled()
        try current.replace(identities: [ServerIdentity(try Lab.other.get())])
        let new = try await TestClient(port: server.port, tls: context, peer: try host("mail.example"))
        #expect(try await new.settled().handshake?.peerCertificate?.subject == "CN=other.example")
        try await old.send("still here")
        try await eventually("the echo") { old.record.count == 10 }
        #expect(old.record.handshake?.peerCertificate?.subject == "CN=mail.example")
        try await old.close()
        try await new.close()
        try await server.stop()
    }
}
