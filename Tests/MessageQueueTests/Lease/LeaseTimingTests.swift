import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("The time of a lease")
struct LeaseTimingTests {
    private static let timing = {
        var timing = LeaseTiming.standard
        (timing.lifetime, timing.sweep) = (.milliseconds(400), .milliseconds(50))
        return timing
    }()

    @Test("a holder that is slow and renews keeps its lease for longer than a lease lives; nobody else gets the work")
    func slowButRenewed() async throws {
        let fixture = try QueueFixture()
        // Long enough that a loaded machine renews in time.
        var timing = Self.timing
        timing.lifetime = .seconds(2)
        try await fixture.open(timing: timing)
        _ = try await fixture.enqueue(1)
        let held = try await fixture.lease(holder: 7)
        let other = fixture.loop.makePromise(of: LeaseGrant?.self)
        try await fixture.run { $0.awaitLease(.delivery, holder: 8, token: 8) { other.succeed($0) } }
        let begin = ContinuousClock.now
        while ContinuousClock.now - begin < timing.lifetime * 2 {
            try await fixture.run { $0.renew(held.id) }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await fixture.run { $0.holder(of: held.id) } == 7)
        #expect(try await fixture.run { _ in fixture.events } == [])
        try await fixture.settle(held)
        // Who waited all the time gets the next message, and the first time of that.
        let next = try await fixture.enqueue(1)
        let grant = try #require(try await other.futureResult.get())
        #expect(grant.message.id == next[0] && !grant.mayBeRepeat)
        try await fixture.close()
    }

    @Test(
        "a lease that nobody renews ends though its holder's connection stands: it is said, the work is due at once, as a possible repeat")
    func sweep() async throws {
        let fixture = try QueueFixture()
        try await fixture.open(timing: Self.timing)
        let ids = try await fixture.enqueue(1)
        let first = try await fixture.lease(holder: 7)
        let second = try await fixture.lease(holder: 8)
        #expect(second.message.id == ids[0] && second.id != first.id && second.mayBeRepeat)
        #expect(second.recipients[0].attempts == 0)
        let events = try await fixture.run { _ in fixture.events }
        #expect(events == ["leaseExpired(\(first.id), \(ids[0]))"] || events.count == 1, "\(events)")
        // Too late for what the first holder says.
        #expect(try await fixture.run { $0.beginSettling(first.id, holder: 7) == nil })
        try await fixture.settle(second)
        #expect(try await fixture.counts() == QueueCounts(messages: 0, recipients: 0))
        try await fixture.close()
    }

    @Test("a lease whose outcome is on its way to the disk does not end for want of renewal")
    func settling() async throws {
        let fixture = try QueueFixture()
        try await fixture.open(timing: Self.timing)
        _ = try await fixture.enqueue(1)
        let grant = try await fixture.lease(holder: 7)
        #expect(try await fixture.run { $0.beginSettling(grant.id, holder: 7) != nil })
        try await Task.sleep(for: Self.timing.lifetime * 2)
        #expect(try await fixture.run { $0.holder(of: grant.id) } == 7)
        try await fixture.settle(grant)
        try await fixture.close()
    }
}
