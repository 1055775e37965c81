import NIOCore
import NIOEmbedded
import Testing

@testable import TransportSecurity

@Suite("What a client can do to a handshake and a session")
struct HostileClientTests {
    @Test("a client that stops in the middle of the handshake meets the deadline, and one that says nothing as well")
    func deadline() async throws {
        let server = try await EchoServer(
            CurrentServerContext(try ServerContext(try Lab.mail.get())), handshakeTimeout: .milliseconds(300))
        let silent = try await TestClient(port: server.port)
        let stopping = try await TestClient(port: server.port)
        // The header of a ClientHello, and nothing of what it announces.
        try await stopping.send([0x16, 3, 1, 0, 200, 1, 0, 0, 196])
        try await eventually("both are closed") { silent.record.isClosed || silent.record.isInputClosed }
        try await eventually("two errors") { server.record.value.errors.count == 2 }
        #expect(server.record.value.errors == Array(repeating: .handshakeTimedOut(after: .milliseconds(300)), count: 2))
        try await silent.close()
        try await stopping.close()
        try await server.stop()
    }

    @Test(
        "what is no ClientHello fails the handshake at once",
        arguments: [
            ("EHLO client.example\r\n", "wrong version number"), ("GET / HTTP/1.0\r\n\r\n", "http request"),
            ("\u{16}\u{3}\u{1}\u{0}\u{4}\u{2}\u{0}\u{0}\u{0}", "unexpected message"),
        ])
    func garbage(text: String, reason: String) async throws {
        let server = try await EchoServer(try Lab.mail.get())
        let client = try await TestClient(port: server.port)
        try await client.send(text)
        try await eventually("an error") { !server.record.value.errors.isEmpty }
        #expect(server.record.value.errors == [.handshakeFailed(reason: reason)])
        try await eventually("the end") { server.record.value.closed == 1 }
        try await client.close()
        try await server.stop()
    }

    @Test("a connection that ends in the handshake is an error; one that ends after it without close_notify is truncated")
    func truncated() async throws {
        let server = try await EchoServer(try Lab.mail.get())
        let first = try await TestClient(port: server.port)
        try await first.send([0x16, 3, 1])
        try await first.close()
        try await eventually("the error") { server.record.value.errors == [.closedDuringHandshake] }
        try await server.stop()

        let (channel, client) = try EmbeddedSession.make()
        try client.write(Array("half".utf8))
        var records = try #require(client.takeOutput())
        // All but the last octet of the record.
        let most = records.readSlice(length: records.readableBytes - 1)
        try channel.writeInbound(try #require(most))
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        let events = try channel.pipeline.syncOperations.handler(type: EventKeeper.self)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(events.tlsEvents.last == .inputTruncated)
        #expect(events.isInputClosed)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test("a record that was changed on the way ends the session, and nothing of it is delivered")
    func damaged() throws {
        let (channel, client) = try EmbeddedSession.make()
        try client.write(Array("RCPT TO:<a@example>\r\n".utf8))
        var records = try #require(client.takeOutput())
        let last = records.writerIndex - 1
        records.setInteger(try #require(records.getInteger(at: last, as: UInt8.self)) ^ 1, at: last)
        #expect(throws: TLSError.self) { try channel.writeInbound(records) }
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        #expect(!channel.isActive)
    }

    @Test("writes before the handshake wait, and no more than 64 KiB of them")
    func early() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(TLSHandler(server: try ServerContext(try Lab.mail.get())))
        try channel.connect(to: try SocketAddress(unixDomainSocketPath: "/test")).wait()
        channel.write(ByteBuffer(repeating: 0, count: 60_000), promise: nil)
        let tooMuch = channel.writeAndFlush(ByteBuffer(repeating: 0, count: 6_000))
        #expect(throws: TLSError.tooMuchBeforeHandshake(limit: 65_536)) { try tooMuch.wait() }
        #expect(throws: TLSError.tooMuchBeforeHandshake(limit: 65_536)) { try channel.throwIfErrorCaught() }
        #expect(!channel.isActive)
    }

    @Test("many small writes before a flush become one record")
    func coalescing() throws {
        let (channel, client) = try EmbeddedSession.make()
        for index in 0..<100 { channel.write(ByteBuffer(string: "250 line \(index)\r\n"), promise: nil) }
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        channel.flush()
        let records = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        let length = try #require(records.getInteger(at: records.readerIndex + 3, as: UInt16.self))
        #expect(Int(length) + 5 == records.readableBytes)
        client.receive(records)
        var plaintext = ByteBuffer()
        #expect(try client.read(into: &plaintext) == .needsInput)
        #expect(String(buffer: plaintext).hasSuffix("250 line 99\r\n"))
        _ = try channel.finish()
    }
}

/// Our server's handler in an `EmbeddedChannel`, with an engine as the client, after the handshake.
enum EmbeddedSession {
    static func make() throws -> (EmbeddedChannel, TLSEngine) {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([TLSHandler(server: try ServerContext(try Lab.mail.get())), EventKeeper()])
        try channel.connect(to: try SocketAddress(unixDomainSocketPath: "/test")).wait()
        let client = try TLSEngine(
            client: try ClientContext(ClientSettings(verification: .reported)), peer: try host("mail.example"))
        var isDone = false
        while !isDone {
            isDone = try client.handshake() != nil
            if let output = client.takeOutput() { try channel.writeInbound(output) }
            while let input = try channel.readOutbound(as: ByteBuffer.self) { client.receive(input) }
        }
        // The tickets.
        var nothing = ByteBuffer()
        _ = try client.read(into: &nothing)
        return (channel, client)
    }
}

final class EventKeeper: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private(set) var tlsEvents: [TLSEvent] = []
    private(set) var isInputClosed = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSEvent { tlsEvents.append(event) }
        if event as? ChannelEvent == .inputClosed { isInputClosed = true }
    }
}

extension TLSEngine {
    func write(_ octets: [UInt8]) throws { try octets.withUnsafeBytes { try write($0) } }
}
