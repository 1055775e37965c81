import MailVocabulary
import NIOCore
import Synchronization
import Testing

@testable import MessageQueue

/// E09 for mail that waits for a next hop nobody can reach.
@Suite("Expiry behind a dead next hop")
struct DeadHopExpiryTests {
    private static let retry = RetrySchedule(first: .seconds(3600), second: .seconds(3600), third: .seconds(3600))
    private static let policy = RoutePolicy(perHop: 100, group: "default", total: 1000, retry: retry)

    @Test("a message that was tried before and waits behind hundreds of younger ones is given up in time, and they are not")
    func behindTheWindow() async throws {
        let fixture = try QueueFixture()
        let (given, givenUp) = AsyncStream.makeStream(of: QueueID.self)
        try await fixture.open(policy: Self.policy, expirySweep: .milliseconds(100)) { fixture, grant in
            givenUp.yield(grant.message.id)
            fixture.queue.settle(
                grant.id, grant.recipients.map { Settlement(index: $0.index, change: .finished) }, contact: .notTried, completion: {})
        }
        // Old enough to expire while the next hop is left alone for an hour; tried once, and due again long before that.
        let expiry = Timestamp.now() + .seconds(4)
        let old = try await fixture.enqueue(3, receivedAt: expiry + (.zero - Self.retry.expiration))
        var grants: [LeaseGrant] = []
        for _ in old { grants.append(try await fixture.lease()) }
        for (number, grant) in grants.enumerated() {
            try await fixture.settle(
                grant, .deferred(nextAttempt: Timestamp.now() + .milliseconds(500), attempts: 1, lastError: "451 4.4.1 refused"),
                contact: number == 2 ? .notReached(Reply(451, "4.4.1", "refused")) : .reached)
        }
        // More than the window holds, all fresh: they stand before the three.
        let young = try await fixture.enqueue(600)
        var found: Set<QueueID> = []
        for await id in given {
            #expect(Timestamp.now() >= expiry)
            found.insert(id)
            if found.count == old.count { break }
        }
        #expect(found == Set(old))
        #expect(try await fixture.run { $0.pausedRoutes.count } == 1)
        // It was asked for before it is durable.
        while try await fixture.counts().messages > young.count { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await fixture.counts().messages == young.count)
        try await fixture.close()
    }

    @Test("a thousand messages that are too old leave one dead next hop, however small the window")
    func many() async throws {
        let fixture = try QueueFixture()
        let (given, givenUp) = AsyncStream.makeStream(of: QueueID.self)
        try await fixture.open(policy: Self.policy, expirySweep: .milliseconds(100)) { fixture, grant in
            givenUp.yield(grant.message.id)
            fixture.queue.settle(
                grant.id, grant.recipients.map { Settlement(index: $0.index, change: .finished) }, contact: .notTried, completion: {})
        }
        _ = try await fixture.enqueue(1)
        let grant = try await fixture.lease()
        try await fixture.settle(
            grant, .deferred(nextAttempt: Timestamp.now() + .seconds(3600), attempts: 1, lastError: "451 4.4.1 refused"),
            contact: .notReached(Reply(451, "4.4.1", "refused")))
        let old = try await fixture.enqueue(1000, receivedAt: Timestamp.now() + .seconds(1) + (.zero - Self.retry.expiration))
        var found: Set<QueueID> = []
        for await id in given {
            #expect(found.insert(id).inserted)
            if found.count == old.count { break }
        }
        #expect(found == Set(old))
        try await fixture.close()
    }
}
