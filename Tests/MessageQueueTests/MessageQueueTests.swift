import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("The queue")
struct MessageQueueTests {
    @Test("a message is leased once, and gone when its recipients are settled")
    func wayOfAMessage() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let ids = try await fixture.enqueue(1, recipients: 3)
        let grant = try await fixture.lease()
        #expect(grant.message.id == ids[0])
        #expect(grant.recipients.map(\.index) == [0, 1, 2])
        try await fixture.settle(grant)
        #expect(try await fixture.counts() == QueueCounts(messages: 0, recipients: 0))
        try await fixture.close()
    }

    @Test("work beyond the window comes from the store, all of it, each message once")
    func backlog() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let ids = try await fixture.enqueue(2000)
        var seen: [QueueID] = []
        for _ in ids {
            let grant = try await fixture.lease()
            seen.append(grant.message.id)
            try await fixture.settle(grant)
        }
        #expect(Set(seen) == Set(ids))
        #expect(seen.count == ids.count)
        #expect(try await fixture.counts().messages == 0)
        try await fixture.close()
    }

    @Test("a thousand recipients of one next hop are leased a hundred at a time")
    func manyRecipients() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(1, recipients: 1000)
        var indices: Set<UInt32> = []
        for _ in 0..<10 {
            let grant = try await fixture.lease()
            #expect(grant.recipients.count == 100)
            indices.formUnion(grant.recipients.map(\.index))
            try await fixture.settle(grant)
        }
        #expect(indices.count == 1000)
        #expect(try await fixture.counts() == QueueCounts(messages: 0, recipients: 0))
        try await fixture.close()
    }

    @Test("what was waiting before a restart is leased after it, and ids go on rising")
    func restart() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let before = try await fixture.enqueue(5)
        try await fixture.restart()
        let after = try await fixture.enqueue(1)
        #expect(after[0] > before.max()!)
        var seen: Set<QueueID> = []
        for _ in 0..<6 {
            let grant = try await fixture.lease()
            seen.insert(grant.message.id)
            try await fixture.settle(grant)
        }
        #expect(seen == Set(before + after))
        try await fixture.close()
    }

    @Test("a lease that is presented after a restart is not given to anybody else")
    func presented() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let remembered = fixture.loop.makePromise(of: Void.self)
        try await fixture.run { $0.remember(HolderRecord(id: 7, carrier: .delivery, processID: 0)) { remembered.succeed() } }
        try await remembered.futureResult.get()
        _ = try await fixture.enqueue(2)
        let held = try await fixture.lease(holder: 7)
        try await fixture.restart()

        let confirmed = fixture.loop.makePromise(of: [LeaseID].self)
        try await fixture.run { queue in
            queue.present(
                [.init(lease: held.id, message: held.message.id, recipients: held.recipients.map(\.index))],
                by: HolderRecord(id: 7, carrier: .delivery, processID: 0),
                completion: { confirmed.succeed($0) })
        }
        #expect(try await confirmed.futureResult.get() == [held.id])
        let other = try await fixture.lease(holder: 8)
        #expect(other.message.id != held.message.id)
        #expect(other.id.epoch == held.id.epoch + 1)
        try await fixture.settle(other)
        try await fixture.settle(held)
        #expect(try await fixture.counts().messages == 0)
        try await fixture.close()
    }

    @Test("work of a holder that is gone is due again at once, and counts as no attempt")
    func holderGone() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let ids = try await fixture.enqueue(1)
        let first = try await fixture.lease(holder: 7)
        try await fixture.run { $0.forget(holder: 7) }
        let second = try await fixture.lease(holder: 8)
        #expect(second.message.id == ids[0])
        #expect(second.id != first.id)
        #expect(second.recipients[0].attempts == 0)
        try await fixture.settle(second)
        try await fixture.close()
    }

    @Test("a deferred recipient comes again when it is due, with its attempts counted")
    func deferred() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(1)
        let grant = try await fixture.lease()
        try await fixture.settle(
            grant, .deferred(nextAttempt: Timestamp.now() + .milliseconds(50), attempts: 1, lastError: "451 4.0.0 later"))
        let again = try await fixture.lease()
        #expect(again.message.id == grant.message.id)
        #expect(again.recipients[0].attempts == 1)
        try await fixture.settle(again)
        #expect(try await fixture.counts().recipients == 0)
        try await fixture.close()
    }

    @Test("one big next hop does not crowd out a small one")
    func fairness() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(1000)
        let small = Route(connector: "general", nextHop: "domain:small.example", carrier: .delivery)
        let wanted = try await fixture.enqueue(1, route: small)
        var position = 0
        while true {
            let grant = try await fixture.lease()
            position += 1
            try await fixture.settle(grant)
            if grant.message.id == wanted[0] { break }
        }
        #expect(position <= 4)
        try await fixture.close()
    }

    @Test("a next hop that cannot be reached is left alone, whatever else waits for it; the others go on")
    func pausedHop() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(10)
        let grant = try await fixture.lease()
        try await fixture.settle(
            grant, .deferred(nextAttempt: Timestamp.now() + .seconds(900), attempts: 1, lastError: "451 4.4.1 refused"),
            contact: .notReached(Reply(451, "4.4.1", "refused")))
        let other = Route(connector: "general", nextHop: "domain:other.example", carrier: .delivery)
        let wanted = try await fixture.enqueue(1, route: other)
        let next = try await fixture.lease()
        #expect(next.message.id == wanted[0])
        #expect(try await fixture.run { $0.pausedRoutes.keys.map(\.nextHop) } == ["domain:example.org"])
        try await fixture.close()
    }

    @Test("no more leases of a next hop than its limit of connections (S05)")
    func perHopLimit() async throws {
        let fixture = try QueueFixture()
        try await fixture.open(policy: RoutePolicy(perHop: 2, group: "default", total: 10))
        _ = try await fixture.enqueue(3)
        let first = try await fixture.lease()
        _ = try await fixture.lease()
        let third = fixture.loop.makePromise(of: LeaseGrant?.self)
        let granted = try await fixture.run { queue -> Int in
            nonisolated(unsafe) var granted = 0
            queue.awaitLease(.delivery, holder: 1, token: 9) {
                granted += 1
                third.succeed($0)
            }
            return granted
        }
        #expect(granted == 0)
        try await fixture.settle(first)
        #expect(try await third.futureResult.get() != nil)
        try await fixture.close()
    }
}
