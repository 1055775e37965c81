import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("What a holder's word on a lease is worth")
struct ClaimTests {
    private func claim(
        _ fixture: QueueFixture, _ grant: LeaseGrant, outcomes: [UInt32] = [0], holder: UInt64 = 7, carrier: Carrier = .delivery
    ) async throws -> MessageQueue.Claim {
        let lease = MessageQueue.Presented(lease: grant.id, message: grant.message.id, recipients: [])
        return try await fixture.run { $0.claim(lease, outcomes: outcomes, holder: holder, carrier: carrier) }
    }

    @Test("a lease is its holder's from when it is given out until its outcome is known, and then it is over")
    func standing() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(1, recipients: 2)
        let grant = try await fixture.lease(holder: 7)
        #expect(try await claim(fixture, grant) == .standing)
        #expect(try await claim(fixture, grant, outcomes: [1, 0]) == .standing)
        #expect(try await claim(fixture, grant, outcomes: []) == .standing)
        #expect(try await claim(fixture, grant, holder: 8) == .foreign("the lease is another's"))
        #expect(try await claim(fixture, grant, carrier: .mailbox) == .foreign("the lease is another's"))
        #expect(try await claim(fixture, grant, outcomes: [2]) == .foreign("it names a recipient that the lease does not have"))
        #expect(try await claim(fixture, grant, outcomes: [0, 0]) == .foreign("it names a recipient twice"))
        try await fixture.settle(grant)
        #expect(try await claim(fixture, grant) == .over)
        try await fixture.close()
    }

    @Test("a lease whose holder is gone before it said what became of it may still be heard of, from that holder, once")
    func ended() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        _ = try await fixture.enqueue(1)
        let grant = try await fixture.lease(holder: 7)
        try await fixture.run { $0.release(grant.id) }
        #expect(try await claim(fixture, grant) == .ended)
        #expect(try await claim(fixture, grant, holder: 8) == .foreign("the lease was another's"))
        #expect(try await claim(fixture, grant, outcomes: [1]) == .foreign("it names a recipient that the lease does not have"))
        try await fixture.run { $0.forgetEnded(grant.id, carrier: .delivery) }
        #expect(try await claim(fixture, grant) == .over)
        try await fixture.close()
    }

    @Test("leases that were never given out are nobody's")
    func neverGivenOut() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let epoch = fixture.epoch
        for id in [
            LeaseID(epoch: epoch, number: 0), LeaseID(epoch: epoch, number: 1), LeaseID(epoch: epoch + 1, number: 1),
        ] {
            let lease = MessageQueue.Presented(lease: id, message: QueueID(value: 1), recipients: [])
            let claim = try await fixture.run { $0.claim(lease, outcomes: [], holder: 7, carrier: .delivery) }
            #expect(claim == .foreign("no such lease was given out"))
        }
        try await fixture.close()
    }

    @Test("leases that ended are remembered to a bound, each role apart")
    func bounded() {
        var ended = EndedLeases()
        let id = LeaseID(epoch: 1, number: 1)
        let lease = EndedLeases.Ended(holder: 1, message: QueueID(value: 1), indices: [0])
        ended.add(id, lease, .mailbox)
        ended.add(id, lease, .delivery)
        for number in 2...UInt32(EndedLeases.most + 1) { ended.add(LeaseID(epoch: 1, number: number), lease, .delivery) }
        #expect(ended.lease(id, .delivery) == nil)
        #expect(ended.lease(id, .mailbox) == lease)
    }
}
