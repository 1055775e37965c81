import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("Kind: a message to very many recipients takes no more of what all share than one to a hundred")
struct LargeMessageTests {
    private static let count = 3000

    /// A message whose recipients are made where they are written.
    private func enqueue(_ fixture: QueueFixture, hops: Int = 1) async throws {
        let done = fixture.loop.makePromise(of: Void.self)
        try await fixture.run { queue in
            let routes = (0..<hops).map { Route(connector: "general", nextHop: "dns:d\($0).example", carrier: .delivery) }
            let recipients = MadeRecipients(mostCount: Self.count) {
                var next = 0
                return AnyIterator {
                    guard next < Self.count else { return nil }
                    defer { next += 1 }
                    return QueuedRecipient(
                        index: UInt32(next), recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u\(next)@example.org")!),
                        route: routes[next % hops])
                }
            }
            let message = QueuedMessage(
                id: queue.nextID(), receivedAt: .now(), sender: EnvelopeSender(reversePath: .null), origin: .system, size: 4,
                has8BitOctets: false, content: .inline(ByteBuffer(string: "x\r\n\r\n")), recipients: .made(recipients), decided: "words")
            queue.enqueue(message) { done.completeWith($0.mapError { $0 as any Error }) }
        }
        try await done.futureResult.get()
    }

    @Test("it is one row of content; each recipient is leased once, a hundred at a time, and few are in memory", arguments: [1, 7])
    func eachOnce(hops: Int) async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        try await enqueue(fixture, hops: hops)
        #expect(try await fixture.counts() == QueueCounts(messages: 1, recipients: Self.count))
        var seen: [UInt32] = []
        while seen.count < Self.count {
            let grant = try await fixture.lease()
            #expect(grant.recipients.count <= 100)
            seen += grant.recipients.map(\.index)
            #expect(try await fixture.run { $0.scheduler.recipientCount } <= hops * 700)
            try await fixture.settle(grant)
        }
        #expect(seen.sorted() == Array(0..<UInt32(Self.count)))
        #expect(try await fixture.counts() == QueueCounts(messages: 0, recipients: 0))
        #expect(try await fixture.run { $0.scheduler.recipientCount } == 0)
        try await fixture.close()
    }

    @Test("recipients behind a window are leased while all of the window is still out")
    func behindTheWindow() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        try await enqueue(fixture)
        var grants: [LeaseGrant] = []
        for _ in 0..<(Self.count / 100) { grants.append(try await fixture.lease()) }
        #expect(Set(grants.flatMap { $0.recipients.map(\.index) }).count == Self.count)
        for grant in grants { try await fixture.settle(grant) }
        #expect(try await fixture.counts().messages == 0)
        try await fixture.close()
    }

    @Test("very many routes are all found, some in each turn of the event loop")
    func manyRoutes() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        try await enqueue(fixture, hops: 1500)
        var seen: Set<UInt32> = []
        while seen.count < Self.count {
            let grant = try await fixture.lease()
            seen.formUnion(grant.recipients.map(\.index))
            try await fixture.settle(grant)
        }
        #expect(try await fixture.counts().messages == 0)
        try await fixture.close()
    }

    @Test("after a restart it goes on where it was; what was deferred comes again, and nothing twice")
    func restart() async throws {
        let fixture = try QueueFixture()
        try await fixture.open()
        try await enqueue(fixture)
        let first = try await fixture.lease()
        try await fixture.settle(first, .deferred(nextAttempt: .now(), attempts: 1, lastError: "later"))
        try await fixture.restart()
        var seen: [UInt32] = []
        while seen.count < Self.count {
            let grant = try await fixture.lease()
            seen += grant.recipients.map(\.index)
            try await fixture.settle(grant)
        }
        #expect(seen.sorted() == Array(0..<UInt32(Self.count)))
        try await fixture.close()
    }

    @Test("what is under way is not read over and over: a window that brought nothing new waits until some of it is settled")
    func noIdleReading() {
        let scheduler = WorkScheduler(firstID: QueueID(value: 1)) { _ in RoutePolicy(perHop: nil, group: "", total: nil) }
        let route = QueueFixture.route
        let head = MessageHead(
            id: QueueID(value: 2), receivedAt: .now(), sender: EnvelopeSender(reversePath: .null), size: 1, has8BitOctets: false,
            content: nil)
        func rows(_ range: Range<UInt32>) -> [DueRecipient] {
            range.map {
                DueRecipient(
                    message: head, recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u@example.org")!), index: $0, attempts: 0)
            }
        }
        scheduler.mayHaveMore(route)
        var (hop, limit) = scheduler.takeWanting()[0]
        scheduler.refill(hop, with: rows(0..<UInt32(limit)), limit: limit)
        while scheduler.take(route: route) != nil {}
        (hop, limit) = scheduler.takeWanting()[0]
        // The store has the same ones still, and behind them nothing but some that were put off meanwhile.
        scheduler.refill(hop, with: Array(rows(0..<400).prefix(limit)), limit: min(limit, 400))
        #expect(scheduler.takeWanting().isEmpty)
        #expect(hop.hasMoreInStore)
    }
}
