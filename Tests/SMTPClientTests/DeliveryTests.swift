import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@testable import SMTPClient

@Suite("Client over sockets: delivery", .timeLimit(.minutes(2)))
struct DeliveryTests {
    @Test("messages follow one another on one connection, and QUIT ends it")
    func reuse() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(server)
        for number in 0..<20 {
            let result = try await connection.deliverFromAfar(ByteBuffer(string: "message \(number)\r\n"))
            #expect(result == DeliveryResult(outcomes: [.delivered(Reply(250, "2.0.0", "taken"))], connection: .reusable))
        }
        #expect(try await connection.isReusableFromAfar())
        try await connection.quitFromAfar()
        #expect(try await !connection.isReusableFromAfar())
        #expect(server.messages.map { String(buffer: $0) } == (0..<20).map { "message \($0)\r\n" })
        #expect(server.commands.last == "QUIT")
        #expect(server.record.withLock { $0.connections } == 1)
        try await server.stop()
    }

    @Test("the next delivery may begin in the callback of the one before")
    func chained() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(server)
        let total = try await Loops.client.flatSubmit {
            @Sendable func next(_ left: Int) -> EventLoopFuture<Int> {
                connection.deliver(outgoing(size: 4), content: .buffer(ByteBuffer(string: "hi\r\n"))).flatMap { result in
                    guard result.outcomes[0].isDelivered, left > 1 else { return Loops.client.makeSucceededFuture(left) }
                    return next(left - 1)
                }
            }
            return next(200)
        }.get()
        #expect(total == 1)
        #expect(server.messages.count == 200)
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test("LMTP over a Unix socket: a result per recipient")
    func lmtp() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.isLMTP = true
        let path = "/tmp/postern-client-test-\(UInt32.random(in: 0...UInt32.max)).sock"
        let server = try await TestServer.start(behaviour, unixPath: path, on: Loops.server)
        let connection = try await SMTPClientConnection.connect(
            to: .unix(path: path), settings: testSettings(dialect: .lmtp), on: Loops.client
        ).get()
        let result = try await connection.deliverFromAfar(ByteBuffer(string: "hi\r\n"), to: ["a@x.example", "b@x.example"])
        #expect(result.outcomes.map(\.isDelivered) == [true, true])
        #expect(server.commands.first == "LHLO us.example")
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test(
        "30 MiB arrive octet by octet, from one buffer and from a source, with DATA and with BDAT",
        arguments: [true, false], [true, false])
    func large(chunking: Bool, fromSource: Bool) async throws {
        var behaviour = TestServer.Behaviour()
        if chunking { behaviour.extensions.append("CHUNKING") }
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(server)
        let content = sampleContent(size: 30 << 20)
        let result = try await connection.deliverFromAfar(outgoing(size: content.readableBytes)) {
            guard fromSource else { return .buffer(content) }
            var rest = content
            return .source(
                MadeContent(isImmediate: false) { _ in
                    rest.readableBytes == 0 ? nil : rest.readSlice(length: min(50_001, rest.readableBytes))
                })
        }
        #expect(result.outcomes[0].isDelivered)
        #expect(server.messages == [content])
        #expect(server.commands.contains { $0.hasPrefix("BDAT") } == chunking)
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test("a source of a hundred thousand tiny chunks, some of them empty, needs no deep stack")
    func tinyChunks() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(server)
        let count = 100_000
        let result = try await connection.deliverFromAfar(outgoing(size: count + 2)) {
            .source(
                MadeContent { index in
                    if index > 2 * count { return nil }
                    return index == 2 * count ? ByteBuffer(string: "\r\n") : ByteBuffer(string: index % 2 == 0 ? "x" : "")
                })
        }
        #expect(result.outcomes[0].isDelivered)
        #expect(server.messages.first?.readableBytes == count + 2)
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test("a source that fails leaves no completed message, and no connection")
    func failingSource() async throws {
        struct DiskError: Error {}
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(server)
        let result = try await connection.deliverFromAfar(outgoing(size: 100)) {
            .source(MadeContent(isImmediate: false) { if $0 == 0 { ByteBuffer(string: "half") } else { throw DiskError() } })
        }
        guard case .transientFailure = result.outcomes[0], case .lost(let loss) = result.connection else {
            Issue.record("\(result)")
            return
        }
        #expect(loss.progress == .content)
        try await connection.closeFuture.get()
        await server.connectionClosed()
        #expect(server.messages.isEmpty)
        try await server.stop()
    }

    @Test("closed after the content: undetermined")
    func window() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.replies["."] = ""
        behaviour.closeAfter = "."
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(server)
        let result = try await connection.deliverFromAfar(ByteBuffer(string: "hi\r\n"))
        guard case .undetermined = result.outcomes[0] else {
            Issue.record("\(result)")
            return
        }
        #expect(result.connection == .lost(ConnectionLoss(progress: .contentSent, cause: .closed)))
        try await connection.closeFuture.get()
        try await server.stop()
    }

    @Test("a connection that the server closed while it was idle delivers nothing and says so")
    func closedWhileIdle() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.closeAfter = "."
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(server)
        #expect(try await connection.deliverFromAfar(ByteBuffer(string: "hi\r\n")).outcomes[0].isDelivered)
        try await connection.closeFuture.get()
        #expect(try await !connection.isReusableFromAfar())
        let result = try await connection.deliverFromAfar(ByteBuffer(string: "hi\r\n"))
        guard case .retryAtOnce(_, .anotherConnection) = result.outcomes[0] else {
            Issue.record("\(result)")
            return
        }
        try await server.stop()
    }

    @Test("a delivery under way gets its result when the connection is closed from our side")
    func closeNow() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.replies["MAIL"] = ""
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(server)
        let delivery = Loops.client.flatSubmit { connection.deliver(outgoing(size: 0), content: .buffer(ByteBuffer())) }
        Loops.client.execute { connection.close() }
        let result = try await delivery.get()
        #expect(result.connection == .lost(ConnectionLoss(progress: .envelope, cause: .closed)))
        try await connection.closeFuture.get()
        try await server.stop()
    }

    @Test("connections leave nothing behind")
    func leaks() async throws {
        let server = try await TestServer.start(on: Loops.server)
        weak var remembered: SMTPClientConnection?
        do {
            let connection = try await connect(server)
            remembered = connection
            _ = try await connection.deliverFromAfar(ByteBuffer(string: "hi\r\n"))
            try await connection.quitFromAfar()
        }
        // One turn of the loop, for what the close leaves to do.
        try await Loops.client.submit {}.get()
        #expect(remembered == nil)
        try await server.stop()
    }
}
