import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("Leases that a holder presents after a restart, held against what can be true")
struct PresentedLeaseTests {
    private static let honest = HolderRecord(id: 7, carrier: .delivery, processID: 700)

    /// A queue after a restart: holder 7 was remembered, and had one lease on a message with three recipients.
    private func afterRestart(_ body: (QueueFixture, LeaseGrant) async throws -> Void) async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        let remembered = fixture.loop.makePromise(of: Void.self)
        try await fixture.run { $0.remember(Self.honest) { remembered.succeed() } }
        try await remembered.futureResult.get()
        _ = try await fixture.enqueue(1, recipients: 3)
        let grant = try await fixture.lease(holder: 7)
        try await fixture.restart()
        try await body(fixture, grant)
        try await fixture.close()
    }

    private func present(
        _ fixture: QueueFixture, _ leases: [MessageQueue.Presented], by holder: HolderRecord = honest
    ) async throws -> [LeaseID] {
        let confirmed = fixture.loop.makePromise(of: [LeaseID].self)
        try await fixture.run { $0.present(leases, by: holder) { confirmed.succeed($0) } }
        return try await confirmed.futureResult.get()
    }

    private static func lease(
        _ grant: LeaseGrant, id: LeaseID? = nil, message: QueueID? = nil, recipients: [UInt32] = [0, 1, 2]
    ) -> MessageQueue.Presented {
        .init(lease: id ?? grant.id, message: message ?? grant.message.id, recipients: recipients)
    }

    enum Untrue: String, CaseIterable, CustomTestStringConvertible {
        case ofThisStart, ofALaterStart, noRecipient, sameRecipientTwice, tooManyRecipients, noSuchMessage, laterMessage
        var testDescription: String { rawValue }

        func lease(_ grant: LeaseGrant) -> MessageQueue.Presented {
            switch self {
            case .ofThisStart: PresentedLeaseTests.lease(grant, id: LeaseID(epoch: grant.id.epoch + 1, number: 1))
            case .ofALaterStart: PresentedLeaseTests.lease(grant, id: LeaseID(epoch: grant.id.epoch + 9, number: 1))
            case .noRecipient: PresentedLeaseTests.lease(grant, recipients: [])
            case .sameRecipientTwice: PresentedLeaseTests.lease(grant, recipients: [0, 0])
            case .tooManyRecipients: PresentedLeaseTests.lease(grant, recipients: Array(0...100))
            case .noSuchMessage: PresentedLeaseTests.lease(grant, message: QueueID(value: 5))
            case .laterMessage: PresentedLeaseTests.lease(grant, message: QueueID(value: grant.message.id.value + (1 << 50)))
            }
        }
    }

    @Test("what no earlier start can have given out is not confirmed, and stands in nobody's way", arguments: Untrue.allCases)
    func untrue(lie: Untrue) async throws {
        try await afterRestart { fixture, grant in
            #expect(try await present(fixture, [lie.lease(grant)]) == [])
            let next = try await fixture.lease(holder: 8)
            #expect(next.message.id == grant.message.id && next.recipients.count == 3)
            try await fixture.settle(next)
            #expect(try await fixture.counts().messages == 0)
        }
    }

    @Test(
        "a holder of another role, of another process, or that nobody remembers gets nothing confirmed",
        arguments: [
            HolderRecord(id: 7, carrier: .mailbox, processID: 700), HolderRecord(id: 7, carrier: .delivery, processID: 701),
            HolderRecord(id: 8, carrier: .delivery, processID: 700),
        ])
    func anotherHolder(holder: HolderRecord) async throws {
        try await afterRestart { (fixture, grant) async throws in
            #expect(try await present(fixture, [Self.lease(grant)], by: holder) == [])
            #expect(try await fixture.run { $0.leaseCount } == 0)
            // The one that is waited for is, still.
            #expect(try await present(fixture, [Self.lease(grant)]) == [grant.id])
        }
    }

    @Test("what a lease from before the restart does not name is given out, though its message was read after the lease was presented")
    func adoptedBeforeRead() throws {
        let scheduler = WorkScheduler(firstID: QueueID(value: 100)) { _ in RoutePolicy(perHop: 10, group: "default", total: 10) }
        let head = MessageHead(
            id: QueueID(value: 1), receivedAt: Timestamp(microseconds: 1), sender: EnvelopeSender(reversePath: .null), size: 0,
            has8BitOctets: false, content: .file)
        let recipient = EnvelopeRecipient(address: try #require(EmailAddress(parsing: "u@example.org")))
        let leased = (0..<2).map { WorkEntry.Recipient(index: UInt32($0), attempts: 0, recipient: recipient) }
        let entry = try #require(scheduler.adopt(leased, of: head, route: QueueFixture.route, leased: 0))
        let rows = (0..<3).map { DueRecipient(message: head, recipient: recipient, index: UInt32($0), attempts: 0) }
        for _ in 0..<2 { scheduler.refill(entry.hop, with: rows, limit: 10) }
        #expect(scheduler.take(.delivery)?.recipients.map(\.index) == [2])
        let isOver = scheduler.take(.delivery) == nil
        #expect(isOver)
    }

    @Test("each recipient is adopted once, whatever the ids say")
    func once() async throws {
        try await afterRestart { fixture, grant in
            let other = LeaseID(epoch: grant.id.epoch, number: 99)
            #expect(
                try await present(
                    fixture, [Self.lease(grant, recipients: [0, 1]), Self.lease(grant, id: other, recipients: [1, 2])]) == [grant.id])
            #expect(try await fixture.run { $0.leasedRecipients.count } == 2)
            let rest = try await fixture.lease(holder: 8)
            #expect(rest.recipients.map(\.index) == [2])
        }
    }

    @Test("once work is given out nothing is adopted any more; what the holder delivered meanwhile is its word all the same")
    func tooLate() async throws {
        try await afterRestart { fixture, grant in
            try await fixture.run { $0.stopAwaiting() }
            let next = try await fixture.lease(holder: 8)
            try await fixture.run { $0.release(next.id) }
            #expect(try await present(fixture, [Self.lease(grant)]) == [])
            let lease = Self.lease(grant)
            #expect(try await fixture.run { $0.claim(lease, outcomes: [0, 1], holder: 7, carrier: .delivery) } == .ended)
            #expect(try await fixture.run { $0.claim(lease, outcomes: [0], holder: 8, carrier: .delivery) } != .ended)
            #expect(try await fixture.run { $0.claim(lease, outcomes: [3], holder: 7, carrier: .delivery) } != .ended)
            // Once: a second list is no longer believed.
            let other = Self.lease(grant, id: LeaseID(epoch: grant.id.epoch, number: 99))
            #expect(try await present(fixture, [other]) == [])
            #expect(try await fixture.run { $0.claim(other, outcomes: [0], holder: 7, carrier: .delivery) } == .over)
        }
    }

    @Test("a holder that goes while it is being heard leaves nothing behind")
    func goesMeanwhile() async throws {
        try await afterRestart { fixture, grant in
            let confirmed = fixture.loop.makePromise(of: [LeaseID].self)
            try await fixture.run { queue in
                queue.present([Self.lease(grant)], by: Self.honest) { confirmed.succeed($0) }
                queue.forget(holder: 7)
            }
            #expect(try await confirmed.futureResult.get() == [])
            #expect(try await fixture.run { $0.leaseCount } == 0)
            let next = try await fixture.lease(holder: 8)
            #expect(next.recipients.count == 3)
        }
    }

    @Test("whoever came in time is heard to the end before work is given out, also when the time is over meanwhile")
    func heardToTheEnd() async throws {
        try await afterRestart { fixture, grant in
            let confirmed = fixture.loop.makePromise(of: [LeaseID].self)
            let open = try await fixture.run { queue in
                queue.present([Self.lease(grant)], by: Self.honest) { confirmed.succeed($0) }
                queue.stopAwaiting()
                return queue.isOpenForLeases
            }
            #expect(!open)
            #expect(try await confirmed.futureResult.get() == [grant.id])
            #expect(try await fixture.run { $0.isOpenForLeases })
        }
    }
}
