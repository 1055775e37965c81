import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

/// What is known of next hops out of reach outlives the core.
@Suite("Next hops out of reach, after a restart")
struct UnreachableAfterRestartTests {
    private static let other = Route(connector: "general", nextHop: "domain:other.example", carrier: .delivery)

    private func fail(_ fixture: QueueFixture) async throws {
        let grant = try await fixture.lease()
        try await fixture.settle(
            grant, .deferred(nextAttempt: .now() + .seconds(900), attempts: 0, lastError: "451 4.4.1 mx.example: connection refused"),
            contact: .notReached(Reply(451, "4.4.1", "mx.example: connection refused")))
    }

    @Test("kind: since when, the last error and the next attempt are as they were, and fresh mail waits for that")
    func kept() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(1)
        try await fail(fixture)
        let before = try await fixture.run { $0.unreachableHops }
        #expect(before.map(\.failures) == [1] && before.first?.lastError == "451 4.4.1 mx.example: connection refused")
        try await fixture.restart()
        let after = try await fixture.run { $0.unreachableHops }
        #expect(after == before)
        _ = try await fixture.enqueue(1)
        let wanted = try await fixture.enqueue(1, route: Self.other)
        #expect(try await fixture.lease().message.id == wanted[0])
        try await fixture.close()
    }

    @Test("a next hop that answers is forgotten, also for the next start")
    func answered() async throws {
        let fixture = try QueueFixture()
        try await fixture.open(policy: RoutePolicy(perHop: 100, group: "default", total: 1000, retry: RetrySchedule(glitch: .zero)))
        _ = try await fixture.enqueue(2)
        try await fail(fixture)
        try await fixture.settle(try await fixture.lease())
        try await fixture.restart()
        #expect(try await fixture.run { $0.unreachableHops }.isEmpty)
        try await fixture.close()
    }
}
