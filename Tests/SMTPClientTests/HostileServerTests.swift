import MailVocabulary
import NIOCore
import SMTPProtocol
import Synchronization
import Testing

@testable import SMTPClient

@Suite("Client over sockets: servers that misbehave, and time", .timeLimit(.minutes(2)), .serialized)
struct HostileServerTests {
    private func failure(_ behaviour: TestServer.Behaviour, idle: Duration = .seconds(20)) async throws -> SMTPConnectFailure? {
        let server = try await TestServer.start(behaviour, on: Loops.server)
        var failure: SMTPConnectFailure?
        do {
            let connection = try await connect(server, testSettings(idle: idle))
            try await connection.quitFromAfar()
        } catch let error as SMTPConnectFailure {
            failure = error
            // Nothing is left open after a failure.
            await server.connectionClosed()
        }
        try await server.stop()
        return failure
    }

    @Test("a banner that refuses is the failure")
    func refusingBanner() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.banner = "554 5.7.1 no\r\n"
        let found = try await failure(behaviour)
        #expect(found == .session(.bannerRefused(Reply(554, "5.7.1", "no"))))
    }

    @Test("EHLO refused for now is the failure")
    func refusingHello() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.replies["EHLO"] = "450 4.7.0 later\r\n"
        let found = try await failure(behaviour)
        #expect(found == .session(.helloRefused(Reply(450, "4.7.0", "later"))))
    }

    @Test("a server that closes without a word")
    func closing() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.banner = ""
        behaviour.closeAfter = "CONNECT"
        let found = try await failure(behaviour)
        #expect(found == .session(.closed(.banner)))
    }

    @Test("a server that says nothing is given up in time")
    func silent() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.banner = ""
        let found = try await failure(behaviour, idle: .milliseconds(200))
        #expect(found == .session(.timedOut(.banner)))
    }

    @Test("a banner without end is cut off at its hundredth line")
    func bannerFlood() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.banner = ""
        behaviour.floodAfter = ("CONNECT", "220-welcome\r\n")
        let found = try await failure(behaviour)
        #expect(found == .session(.invalidReply(.banner, "(a reply of more than 100 lines)")))
    }

    @Test("a line without end is cut off")
    func lineFlood() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.banner = ""
        behaviour.floodAfter = ("CONNECT", "220-welcome")
        let found = try await failure(behaviour)
        #expect(found == .session(.invalidReply(.banner, "(a line of more than 2048 octets)")))
    }

    @Test("a reply that comes octet by octet, without end, is not life")
    func trickle() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.trickle = "220-x\r\n"
        let found = try await failure(behaviour, idle: .milliseconds(400))
        #expect(found == .session(.timedOut(.banner)))
    }

    @Test("what comes after QUIT is not read, however much it is")
    func floodAfterQuit() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.replies["QUIT"] = ""
        behaviour.floodAfter = ("QUIT", "250-more\r\n")
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(server)
        try await connection.quitFromAfar()
        await server.connectionClosed()
        try await server.stop()
    }

    @Test("an idle connection says QUIT when its time is over")
    func idle() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(server, testSettings(idle: .milliseconds(200)))
        try await connection.closeFuture.get()
        await server.connectionClosed()
        #expect(server.commands.last == "QUIT")
        try await server.stop()
    }

    @Test("a server that takes no content is given up in time, and no more of it is read than the sockets hold")
    func stuck() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.ignoresContent = true
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(server, testSettings(idle: .milliseconds(500)))
        let piece = sampleContent(size: 65536)
        let count = 4096
        let asked = Counter()
        let result = try await connection.deliverFromAfar(outgoing(size: piece.readableBytes * count)) {
            .source(
                MadeContent { index in
                    asked.count.withLock { $0 = index + 1 }
                    return index < count ? piece : nil
                })
        }
        #expect(result.connection == .lost(ConnectionLoss(progress: .content, cause: .timedOut(.contentBlock))))
        try await connection.closeFuture.get()
        #expect(asked.count.withLock { $0 } < 256)
        try await server.stop()
    }

    @Test("a source that does not answer in time is our own failure")
    func stuckSource() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(server, testSettings(idle: .milliseconds(300)))
        let never = Loops.client.makePromise(of: ByteBuffer?.self)
        let result = try await connection.deliverFromAfar(outgoing(size: 100)) { .source(GivenContent(never.futureResult)) }
        guard case .transientFailure(let reply) = result.outcomes[0] else {
            Issue.record("\(result)")
            return
        }
        #expect(reply.status == EnhancedStatusCode(4, 3, 0))
        try await connection.closeFuture.get()
        never.succeed(nil)
        try await server.stop()
    }

    @Test("a transfer that is slow but moves lives longer than the idle limit")
    func slow() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.readPause = .milliseconds(40)
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let limit = Duration.milliseconds(2500)
        let connection = try await connect(server, testSettings(idle: limit))
        let content = sampleContent(size: 6 << 20)
        let clock = ContinuousClock()
        let start = clock.now
        let result = try await connection.deliverFromAfar(content)
        #expect(result.outcomes[0].isDelivered)
        #expect(clock.now - start > limit, "the test is not slow enough to prove anything")
        #expect(server.messages == [content])
        try await connection.quitFromAfar()
        try await server.stop()
    }

    private final class Counter: Sendable {
        let count = Mutex(0)
    }

    private final class GivenContent: ContentSource {
        private let answer: EventLoopFuture<ByteBuffer?>
        init(_ answer: EventLoopFuture<ByteBuffer?>) { self.answer = answer }
        func nextChunk() -> EventLoopFuture<ByteBuffer?> { answer }
    }
}
