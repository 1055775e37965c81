import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

@testable import SMTPClient

/// Every reply may come in its time, and all of them together too late: one octet a second outlives every time-out that begins anew.
@Suite("Client over sockets: servers that are lively and never done", .timeLimit(.minutes(2)), .serialized)
struct OverallDeadlineTests {
    private func settings(_ timeouts: SMTPClientTimeouts) -> SMTPClientSettings {
        SMTPClientSettings(ourName: .name(DomainName(parsing: "us.example")!), timeouts: timeouts)
    }

    @Test("banner, EHLO, TLS and login have one limit together besides their own")
    func setUp() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.authentication = Array(repeating: "334 \r\n", count: 1_000_000)
        behaviour.extensions += ["AUTH PLAIN"]
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let settings = SMTPClientSettings(
            ourName: .name(DomainName(parsing: "us.example")!), login: EndlessLogin(),
            timeouts: SMTPClientTimeouts(idle: .seconds(60), setUp: .milliseconds(300)))
        await #expect(throws: SMTPConnectFailure.session(.tookTooLong(.authentication))) {
            _ = try await connect(server, settings)
        }
        await server.connectionClosed()
        try await server.stop()
    }

    @Test("a transaction has a limit of its own, by its size, however steadily the content is taken")
    func transaction() async throws {
        var behaviour = TestServer.Behaviour()
        behaviour.readPause = .milliseconds(40)
        let server = try await TestServer.start(behaviour, on: Loops.server)
        let connection = try await connect(
            server, settings(SMTPClientTimeouts(idle: .seconds(60), transaction: .milliseconds(500), slowestTransfer: 1 << 30)))
        let result = try await connection.deliverFromAfar(sampleContent(size: 6 << 20))
        #expect(result.connection == .lost(ConnectionLoss(progress: .content, cause: .tookTooLong(.contentBlock))))
        let word = "the remote host took too long in all, and was given up while waiting for the content to be taken"
        #expect(result.outcomes == [.transientFailure(Reply(451, "4.4.2", word))])
        #expect(result.ownWords == [0])
        try await connection.closeFuture.get()
        try await server.stop()
    }

    @Test("the limits of set-up and transaction end with them: a connection waits for the next as long as it may be idle")
    func idleAfterwards() async throws {
        let server = try await TestServer.start(on: Loops.server)
        let connection = try await connect(
            server,
            settings(SMTPClientTimeouts(idle: .milliseconds(1500), setUp: .milliseconds(500), transaction: .milliseconds(500))))
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try await connection.deliverFromAfar(sampleContent(size: 100)).outcomes[0].isDelivered)
        try await connection.closeFuture.get()
        #expect(clock.now - start >= .milliseconds(1400))
        #expect(server.commands.last == "QUIT")
        try await server.stop()
    }

    @Test("by default half an hour, and for a transaction a second more for each 4,096 octets")
    func limits() {
        let timeouts = SMTPClientTimeouts()
        #expect(timeouts.setUp == .seconds(1800))
        #expect(timeouts.limit(forTransactionOf: 0) == .seconds(1800))
        #expect(timeouts.limit(forTransactionOf: 40_960) == .seconds(1810))
    }

    /// Answers every challenge.
    private struct EndlessLogin: ClientLogin, ClientLoginExchange {
        var isAllowedInClear: Bool { true }
        func begin(
            mechanisms: [String], isEncrypted: Bool, on eventLoop: any EventLoop
        ) -> EventLoopFuture<ClientLoginBeginning> {
            eventLoop.makeSucceededFuture(ClientLoginBeginning(mechanism: "PLAIN", initialResponse: nil, exchange: self))
        }
        func respond(to challenge: [UInt8], on eventLoop: any EventLoop) -> EventLoopFuture<[UInt8]> {
            eventLoop.makeSucceededFuture([UInt8](repeating: 0x41, count: 8))
        }
        func objection() -> ClientLoginFailure? { nil }
    }
}
