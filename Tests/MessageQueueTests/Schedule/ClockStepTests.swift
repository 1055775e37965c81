import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("Steps of the wall clock")
struct ClockStepTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private static let hour = Duration.seconds(3600)
    private static let hourBack = Duration.seconds(-3600)
    private static let tenDays = Duration.seconds(240 * 3600)
    private static let tenDaysBack = Duration.seconds(-240 * 3600)

    @Test("drift is no step, and a step is found out in either direction")
    func observes() {
        var clock = StepClock()
        let id = QueueID(value: 1)
        #expect(clock.observe(wall: Self.start, uptime: .seconds(100), newest: id) == nil)
        #expect(clock.observe(wall: Self.start + .seconds(61), uptime: .seconds(160), newest: id) == nil)
        let back = clock.observe(wall: Self.start + .seconds(70 - 3600), uptime: .seconds(169), newest: id)
        #expect(back?.by == Self.hourBack && back?.before == Self.start + .seconds(70))
        let forward = clock.observe(wall: Self.start + .seconds(80), uptime: .seconds(179), newest: id)
        #expect(forward?.by == Self.hour)
    }

    @Test("sleep of the machine is no step: the clock that is never set counts it")
    func sleep() {
        var clock = StepClock()
        _ = clock.observe(wall: Self.start, uptime: .zero, newest: QueueID(value: 1))
        #expect(clock.observe(wall: Self.start + Self.hour, uptime: Self.hour, newest: QueueID(value: 1)) == nil)
    }

    @Test("a message keeps its age over steps; one that came in afterwards, or in another year, is what it says")
    func age() {
        var clock = StepClock()
        let (old, new) = (QueueID(value: 10), QueueID(value: 20))
        let before: Timestamp = Self.start + Self.tenDaysBack
        _ = clock.observe(wall: Self.start, uptime: .zero, newest: old)
        _ = clock.observe(wall: before, uptime: .zero, newest: old)
        #expect(clock.received(Self.start, old) == before)
        // Received after the step, at a time that lies before it.
        #expect(clock.received(before, new) == before)
        _ = clock.observe(wall: Self.start, uptime: .zero, newest: new)
        #expect(clock.received(Self.start, old) == Self.start)
        #expect(clock.received(Timestamp(microseconds: 1), old) == Timestamp(microseconds: 1))
    }

    @Test("steps are bounded")
    func bounded() {
        var clock = StepClock()
        for step in 0..<200 {
            _ = clock.observe(wall: step % 2 == 0 ? Self.start : Self.start + Self.hour, uptime: .zero, newest: QueueID(value: 1))
        }
        #expect(clock.steps.count == StepClock.mostSteps)
    }

    private static let steps: [[Duration]] = [[hour], [hourBack], [hour, hourBack], [hourBack, hour], [tenDays], [tenDaysBack]]

    @Test(
        "a recipient that was put off is due after the time that it had to wait, whichever way the clock was set", .timeLimit(.minutes(1)),
        arguments: steps)
    func retry(steps: [Duration]) async throws {
        let (fixture, clock) = (try QueueFixture(), SettableClock())
        try await fixture.open(clock: clock)
        _ = try await fixture.enqueue(1)
        let grant = try await fixture.lease()
        let due: Timestamp = Timestamp.now() + .milliseconds(2400)
        let now = try await fixture.run { $0.now() }
        let next: Timestamp = now + .milliseconds(2500)
        try await fixture.settle(grant, .deferred(nextAttempt: next, attempts: 1, lastError: "451 later"))
        for step in steps {
            clock.set(by: step)
            // Seen by the look that the queue takes each second, or by this one.
            _ = try await fixture.run { $0.now() }
        }
        let again = try await fixture.lease()
        #expect(again.message.id == grant.message.id && again.recipients[0].attempts == 1)
        #expect(Timestamp.now() >= due)
        try await fixture.close()
    }

    @Test(
        "a next hop that is left alone is asked again after its time, whichever way the clock was set", .timeLimit(.minutes(1)),
        arguments: steps)
    func pausedHop(steps: [Duration]) async throws {
        let (fixture, clock) = (try QueueFixture(), SettableClock())
        let retry = RetrySchedule(glitch: .milliseconds(1500))
        try await fixture.open(policy: RoutePolicy(perHop: 100, group: "default", total: 1000, retry: retry), clock: clock)
        _ = try await fixture.enqueue(2)
        let grant = try await fixture.lease()
        let next = try #require(try await fixture.run { $0.nextContact(afterFailureOf: grant.id) })
        try await fixture.settle(
            grant, .deferred(nextAttempt: next, attempts: 0, lastError: "451 refused"), contact: .notReached(Reply(451, "4.4.1", "refused"))
        )
        for step in steps {
            clock.set(by: step)
            _ = try await fixture.run { $0.now() }
        }
        for _ in 0..<2 { try await fixture.settle(try await fixture.lease()) }
        #expect(try await fixture.run { $0.pausedRoutes.isEmpty })
        try await fixture.close()
    }

    @Test(
        "a step of days expires nothing that waits for a dead next hop, and what is too old still goes", .timeLimit(.minutes(1)),
        arguments: steps)
    func expiry(steps: [Duration]) async throws {
        let (fixture, clock) = (try QueueFixture(), SettableClock())
        let retry = RetrySchedule(first: .seconds(3600), second: .seconds(3600), glitches: 0)
        let (given, givenUp) = AsyncStream.makeStream(of: QueueID.self)
        try await fixture.open(
            policy: RoutePolicy(perHop: 100, group: "default", total: 1000, retry: retry), expirySweep: .milliseconds(100), clock: clock
        ) { fixture, grant in
            givenUp.yield(grant.message.id)
            fixture.queue.settle(
                grant.id, grant.recipients.map { Settlement(index: $0.index, change: .finished) }, contact: .notTried, completion: {})
        }
        let young = try await fixture.enqueue(1)
        let grant = try await fixture.lease()
        try await fixture.settle(
            grant, .deferred(nextAttempt: clock.now + .seconds(3600), attempts: 0, lastError: "451 refused"),
            contact: .notReached(Reply(451, "4.4.1", "refused")))
        let waiting = try await fixture.enqueue(2)
        let expiry: Timestamp = clock.now + .seconds(2)
        let old = try await fixture.enqueue(1, receivedAt: expiry + (.zero - retry.expiration))
        for step in steps {
            clock.set(by: step)
            _ = try await fixture.run { $0.now() }
        }
        var first: [QueueID] = []
        for await id in given {
            first.append(id)
            break
        }
        #expect(first == old && !first.contains { young.contains($0) || waiting.contains($0) })
        try await fixture.close()
    }
}
