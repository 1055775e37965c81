import CoreLink
import Foundation
import MailVocabulary
import NIOCore
import NIOPosix
import Testing
import Topology

@testable import SMTPServer

/// `postern-auth` as a script: a challenge for each `begin`, 535 for each answer.
@Suite("AUTH exchanges of a front end")
struct LoginExchangesTests {
    private final class Stage {
        let loop: any EventLoop
        let path = "/tmp/le-\(UUID().uuidString.prefix(12))"
        var server: LinkServer<LoginLink>!
        var exchanges: LoginExchanges!
        let places: CrossLoopPool
        var cancelled = 0
        /// What each client heard, by its name.
        var heard: [String: [String]] = [:]
        var open: [String: LoginExchange] = [:]
        /// Called after each answer.
        var onHeard: () -> Void = {}

        init(_ loop: any EventLoop, _ places: CrossLoopPool) { (self.loop, self.places) = (loop, places) }

        func begin(_ name: String, from client: String) {
            guard let address = IPAddress(parsing: client) else { return }
            open[name] = exchanges.begin(
                LoginFacts(virtualServer: "clients", clientAddress: address, isSecure: true), .login, initialResponse: nil
            ) { [self] answer in
                switch answer {
                case .challenge: heard[name, default: []].append("334")
                case .succeeded: heard[name, default: []].append("235")
                case .failed(let reply, _): heard[name, default: []].append("\(reply)")
                }
                onHeard()
            }
        }
    }

    private func stage(
        capacity: Int, protection: Duration = .zero, silence: TimeAmount = .minutes(1)
    ) async throws -> NIOLoopBound<Stage> {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let places = LoginExchanges.pool(budgets: BudgetSettings(), capacity: capacity, protection: protection)
        let stage = try await loop.submit { NIOLoopBound(Stage(loop, places), eventLoop: loop) }.get()
        try await loop.flatSubmit {
            let it = stage.value
            it.server = LinkServer<LoginLink>(access: .init(userIDs: nil), revision: "r", on: loop, log: { _ in }) { link, _ in
                link.onMessage = { request in
                    switch request {
                    case .begin: link.send(.challenge(ByteBuffer()))
                    case .respond: link.send(.failed(Reply(535, "5.7.8", "no")))
                    case .cancel: it.cancelled += 1
                    }
                    link.flush()
                }
            }
            it.exchanges = LoginExchanges(
                links: LinkPool(to: .init(path: it.path), holder: 1, revision: "r", on: loop), in: it.places, silence: silence)
            return it.server.listen(path: it.path)
        }.get()
        return stage
    }

    /// Waits until something holds on the stage.
    private func until(_ stage: NIOLoopBound<Stage>, _ isTrue: @escaping @Sendable (Stage) -> Bool) async throws {
        let done = stage.eventLoop.makePromise(of: Void.self)
        stage.eventLoop.execute {
            let it = stage.value
            func look() {
                if isTrue(it) {
                    it.onHeard = {}
                    done.succeed()
                }
            }
            it.onHeard = look
            look()
        }
        try await done.futureResult.get()
    }

    private func run<Value: Sendable>(
        _ stage: NIOLoopBound<Stage>, _ body: @escaping @Sendable (Stage) -> Value
    ) async throws -> Value {
        try await stage.eventLoop.submit { body(stage.value) }.get()
    }

    @Test("a network that holds its share gets 454 for the next, and others go on")
    func share() async throws {
        let stage = try await stage(capacity: 20)
        try await run(stage) { for number in 0..<3 { $0.begin("a\(number)", from: "192.0.2.1") } }
        try await run(stage) { $0.begin("b", from: "192.0.2.2") }
        try await until(stage) { $0.heard["b"] == ["334"] && $0.heard["a1"] == ["334"] }
        let (refused, count) = try await run(stage) { ($0.heard["a2"] ?? [], $0.places.count) }
        #expect(refused == ["454 4.7.0 Too many logins at once from your network, try again later"])
        #expect(count == 3)
        // What ends gives its place back.
        try await run(stage) { $0.open["a0"]?.respond([0x61]) }
        try await until(stage) { $0.heard["a0"]?.count == 2 }
        try await run(stage) { $0.begin("a3", from: "192.0.2.1") }
        try await until(stage) { $0.heard["a3"] == ["334"] }
        try await run(stage) { $0.open["a3"]?.cancel() }
        #expect(try await run(stage) { $0.places.count } == 2)
        try await run(stage) { $0.server.stopListening() }
    }

    @Test("when all places are taken, the exchange that has been silent longest makes room, and its client hears 454 when it answers")
    func eviction() async throws {
        let stage = try await stage(capacity: 3)
        for number in 1...3 {
            try await run(stage) { $0.begin("c\(number)", from: "192.0.2.\(number)") }
            try await until(stage) { $0.heard["c\(number)"] == ["334"] }
        }
        try await run(stage) { $0.begin("new", from: "192.0.2.9") }
        try await until(stage) { $0.heard["new"] == ["334"] }
        try await run(stage) { for name in ["c1", "c2"] { $0.open[name]?.respond([0x61]) } }
        try await until(stage) { $0.heard["c1"]?.count == 2 && $0.heard["c2"]?.count == 2 }
        let heard = try await run(stage) { $0.heard }
        #expect(heard["c1"] == ["334", "454 4.7.0 The login was given up for others, try again"])
        #expect(heard["c2"] == ["334", "535 5.7.8 no"])
        try await run(stage) { $0.server.stopListening() }
    }

    @Test("when all places are at work, a new exchange gets 454")
    func full() async throws {
        let stage = try await stage(capacity: 1, protection: .seconds(60))
        try await run(stage) { $0.begin("c", from: "192.0.2.1") }
        try await run(stage) { $0.begin("d", from: "192.0.2.2") }
        #expect(try await run(stage) { $0.heard["d"] ?? [] } == ["454 4.7.0 Too many logins at once, try again later"])
        try await run(stage) { $0.server.stopListening() }
    }

    @Test("a client that does not answer a challenge loses its place, and hears so when it does answer")
    func silence() async throws {
        let stage = try await stage(capacity: 10, silence: .milliseconds(20))
        try await run(stage) { $0.begin("c", from: "192.0.2.1") }
        try await until(stage) { $0.heard["c"] == ["334"] }
        while try await run(stage, { $0.places.count }) > 0 { await Task.yield() }
        try await run(stage) { $0.open["c"]?.respond([0x61]) }
        #expect(try await run(stage) { $0.heard["c"] ?? [] } == ["334", "454 4.7.0 The login took too long, begin again"])
        #expect(LoginExchange.longestSilence == .seconds(30))
        try await run(stage) { $0.server.stopListening() }
    }
}
