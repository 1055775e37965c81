import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

/// What was delivered and reported does not come again, though the lease had ended when the report came.
@Suite("Outcomes that come late")
struct LateOutcomeTests {
    private static let route = Route(connector: "general", nextHop: "domain:example.org", carrier: .delivery)
    private let scheduler = WorkScheduler(firstID: QueueID(value: 1000)) { _ in RoutePolicy(perHop: nil, group: "default", total: nil) }

    private func message(_ id: Int64, recipients: UInt32) -> QueuedMessage {
        QueuedMessage(
            id: QueueID(value: id), receivedAt: Timestamp(microseconds: id), sender: EnvelopeSender(reversePath: .null), origin: .system,
            size: 0, has8BitOctets: false, content: .inline(ByteBuffer()),
            recipients: (0..<recipients).map {
                QueuedRecipient(index: $0, recipient: EnvelopeRecipient(address: TestAddress.recipient($0)), route: Self.route)
            })
    }

    private func row(_ id: Int64, _ index: UInt32) -> DueRecipient {
        DueRecipient(
            message: MessageHead(
                id: QueueID(value: id), receivedAt: Timestamp(microseconds: id), sender: EnvelopeSender(reversePath: .null), size: 0,
                has8BitOctets: false, content: .inline(ByteBuffer())),
            recipient: EnvelopeRecipient(address: TestAddress.recipient(index)), index: index, attempts: 0)
    }

    private func taken() -> [UInt32]? { scheduler.take(.delivery)?.recipients.map(\.index) }

    @Test("a recipient that waits in memory is given to nobody, the others of its message are")
    func waiting() {
        scheduler.add(message(1, recipients: 3))
        scheduler.withdraw([1], of: QueueID(value: 1))
        #expect(taken() == [0, 2])
        scheduler.add(message(2, recipients: 2))
        scheduler.withdraw([0, 1], of: QueueID(value: 2))
        #expect(taken() == nil)
        #expect(scheduler.entryCount == 1)
    }

    @Test("one that is read from the store meanwhile is not given out either, whether it is read before or after it is gone")
    func whileReading() throws {
        scheduler.mayHaveMore(Self.route)
        let first = try #require(scheduler.takeWanting().first)
        scheduler.withdraw([0], of: QueueID(value: 1))
        scheduler.refill(first.hop, with: [row(1, 0), row(1, 1)], limit: first.limit)
        #expect(taken() == [1])

        scheduler.mayHaveMore(Self.route)
        let second = try #require(scheduler.takeWanting().first)
        scheduler.withdraw([0], of: QueueID(value: 2))
        scheduler.withdrawn([0], of: QueueID(value: 2))
        scheduler.refill(second.hop, with: [row(2, 0), row(2, 1)], limit: second.limit)
        #expect(taken() == nil)
        // What was read was out of date: it is read again, now without the recipient.
        let third = try #require(scheduler.takeWanting().first)
        scheduler.refill(third.hop, with: [row(2, 1)], limit: third.limit)
        #expect(taken() == [1])
    }

    @Test("a message that leaves memory while its other recipients are being read: these are read again, not forgotten")
    func leftWhileReading() throws {
        scheduler.add(message(1, recipients: 1))
        let assignment = try #require(scheduler.take(.delivery))
        scheduler.mayHaveMore(Self.route)
        let first = try #require(scheduler.takeWanting().first)
        scheduler.connectionEnded(assignment.entry.hop)
        scheduler.settled(1, of: assignment.entry)
        scheduler.refill(first.hop, with: [row(1, 0), row(1, 1)], limit: first.limit)
        let second = try #require(scheduler.takeWanting().first)
        scheduler.refill(second.hop, with: [row(1, 1)], limit: second.limit)
        #expect(taken() == [1])
    }

    @Test("the queue: an outcome from before a restart, too late for its lease, ends the delivery all the same")
    func queue() async throws {
        let fixture = try await StoreFixture()
        let loop = fixture.loop
        let ids = try await fixture.enqueue(2)
        let recorded = loop.makePromise(of: Void.self)
        try await fixture.run { queue, _ in queue.settleLate(ids[0], finished: [0]) { recorded.succeed() } }
        let grant = try #require(try await fixture.lease(holder: 1).get())
        #expect(grant.message.id == ids[1])
        try await recorded.futureResult.get()
        let counts = try await fixture.run { queue, _ in queue.counts() }.get()
        #expect(counts.messages == 1)
        try await fixture.close()
    }
}
