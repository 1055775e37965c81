import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

/// Hosts that take mail over a few connections and refuse the rest, and hosts that are away for a moment.
@Suite("Connections that are not made are no attempts")
struct FewConnectionsTests {
    private static let refusal = HopContact.notReached(Reply(421, "4.7.0", "too many connections"))

    /// A remote host with room for a few connections, and the holders that a queue has.
    private struct Result: Sendable {
        var delivered = 0
        var refused = 0
        var mostAtOnce = 0
        var wasPaused = false
    }

    /// Everything runs in one turn of the loop but for the store: leases are asked for as long as any are given.
    private func run(_ fixture: QueueFixture, messages: Int, room: Int) async throws -> Result {
        var result = Result()
        var standing: [LeaseGrant] = []
        while result.delivered < messages {
            // As many as the queue gives now.
            let granted = try await fixture.run { queue -> [LeaseGrant] in
                nonisolated(unsafe) var granted: [LeaseGrant] = []
                for token in 0..<UInt64(100) {
                    queue.awaitLease(.delivery, holder: 1, token: token) { if let grant = $0 { granted.append(grant) } }
                }
                for token in 0..<UInt64(100) { queue.cancelWaiting(.delivery, token: token) }
                return granted
            }
            for grant in granted {
                if standing.count < room {
                    standing.append(grant)
                } else {
                    result.refused += 1
                    #expect(try await fixture.run { $0.nextContact(afterFailureOf: grant.id) } == nil)
                    try await fixture.refuse(grant, Self.refusal)
                }
            }
            result.mostAtOnce = max(result.mostAtOnce, standing.count)
            let paused = try await fixture.run { !$0.pausedRoutes.isEmpty }
            result.wasPaused = result.wasPaused || paused
            guard !standing.isEmpty else {
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            try await fixture.deliver(standing.removeFirst())
            result.delivered += 1
        }
        return result
    }

    @Test(
        "a host with room for three gets 200 messages without a wait, and is seldom asked for a fourth connection", .timeLimit(.minutes(1)))
    func roomForThree() async throws {
        let fixture = try QueueFixture()
        try await fixture.open(policy: RoutePolicy(perHop: 100, group: "default", total: 1000, growsFromOne: true))
        _ = try await fixture.enqueue(200)
        let result = try await run(fixture, messages: 200, room: 3)
        #expect(result.delivered == 200 && result.mostAtOnce == 3 && !result.wasPaused)
        #expect((1...20).contains(result.refused), "\(result.refused)")
        try await fixture.close()
    }

    @Test("a mailbox server that has its connections at once and refuses some of them gets as many as it takes", .timeLimit(.minutes(1)))
    func local() async throws {
        let fixture = try QueueFixture()
        try await fixture.open(policy: RoutePolicy(perHop: 20, group: "default", total: 1000))
        _ = try await fixture.enqueue(100)
        let result = try await run(fixture, messages: 100, room: 3)
        #expect(result.delivered == 100 && result.mostAtOnce == 3 && !result.wasPaused)
        #expect((17...40).contains(result.refused), "\(result.refused)")
        try await fixture.close()
    }

    @Test(
        "one refused connection holds what waits for its host for the glitch's interval alone, and counts as no attempt",
        .timeLimit(.minutes(1)))
    func restart() async throws {
        let fixture = try QueueFixture()
        let retry = RetrySchedule(glitches: 3, glitch: .milliseconds(300))
        try await fixture.open(policy: RoutePolicy(perHop: 100, group: "default", total: 1000, retry: retry, growsFromOne: true))
        _ = try await fixture.enqueue(20)
        let refused = try await fixture.lease()
        let next = try #require(try await fixture.run { $0.nextContact(afterFailureOf: refused.id) })
        #expect(next <= Timestamp.now() + .milliseconds(300))
        try await fixture.settle(
            refused, .deferred(nextAttempt: next, attempts: refused.recipients[0].attempts, lastError: "451 4.4.1 refused"),
            contact: Self.refusal)
        #expect(try await fixture.run { $0.pausedRoutes.count } == 1)
        var seen: Set<QueueID> = []
        while seen.count < 20 {
            let grant = try await fixture.lease()
            #expect(grant.recipients.map(\.attempts) == [0])
            seen.insert(grant.message.id)
            try await fixture.deliver(grant)
        }
        #expect(try await fixture.run { $0.pausedRoutes.isEmpty })
        try await fixture.close()
    }

    @Test("glitches are counted from the last success: three, then the intervals; success begins them anew", .timeLimit(.minutes(1)))
    func ladder() async throws {
        let fixture = try QueueFixture()
        let retry = RetrySchedule(first: .milliseconds(400), second: .seconds(3600), glitches: 2, glitch: .milliseconds(50))
        try await fixture.open(policy: RoutePolicy(perHop: 100, group: "default", total: 1000, retry: retry, growsFromOne: true))
        _ = try await fixture.enqueue(3)
        func fail() async throws -> Duration {
            let grant = try await fixture.lease()
            let now = Timestamp.now()
            let next = try #require(try await fixture.run { $0.nextContact(afterFailureOf: grant.id) })
            try await fixture.settle(
                grant, .deferred(nextAttempt: next, attempts: 0, lastError: "451 4.4.1 refused"), contact: Self.refusal)
            return next - now
        }
        #expect(try await fail() <= .milliseconds(60))
        #expect(try await fail() <= .milliseconds(60))
        #expect(try await fail() > .milliseconds(300))
        try await fixture.deliver(try await fixture.lease())
        #expect(try await fail() <= .milliseconds(60))
        try await fixture.close()
    }
}

extension QueueFixture {
    /// The connection was refused: nothing is said of the recipients.
    fileprivate func refuse(_ grant: LeaseGrant, _ contact: HopContact) async throws {
        let promise = loop.makePromise(of: Void.self)
        try await run { $0.settle(grant.id, [], contact: contact, completion: { promise.succeed() }) }
        try await promise.futureResult.get()
    }

    fileprivate func deliver(_ grant: LeaseGrant) async throws {
        let promise = loop.makePromise(of: Void.self)
        try await run {
            $0.settle(
                grant.id, grant.recipients.map { Settlement(index: $0.index, change: .finished) }, answer: .progress,
                completion: { promise.succeed() })
        }
        try await promise.futureResult.get()
    }
}
