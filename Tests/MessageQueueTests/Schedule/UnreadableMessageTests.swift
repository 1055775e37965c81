import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import MessageQueue

@Suite("A queue with a damaged page, at work")
struct UnreadableMessageTests {
    private final class Work {
        let store: SQLiteQueueStore
        let queue: MessageQueue
        private(set) var unreadable: [QueueID: Timestamp] = [:]
        private(set) var otherEvents: [String] = []
        private(set) var leased: [QueueID] = []

        init(_ path: String, on loop: any EventLoop) throws {
            let database = try QueueDatabase(path: path)
            let (epoch, largest) = (try database.nextEpoch(), try database.largestMessageID())
            store = try SQLiteQueueStore(database: database, path: path, on: loop)
            var note: (MessageQueue.Event) -> Void = { _ in }
            queue = MessageQueue(
                store: store, on: loop, epoch: epoch, largestID: largest, holders: [],
                limits: { _ in RoutePolicy(perHop: nil, group: "default", total: nil) }, report: { note($0) })
            note = { [unowned self] event in
                if case .unreadable(let message, let until) = event {
                    unreadable[message.id] = until
                } else {
                    otherEvents.append("\(event)")
                }
            }
            queue.start()
            ask(1)
        }

        /// Takes whatever there is.
        private func ask(_ token: UInt64) {
            queue.awaitLease(.delivery, holder: 1, token: token) { [unowned self] grant in
                guard let grant else { return }
                leased.append(grant.message.id)
                ask(token + 1)
            }
        }
    }

    @Test("every message on another page is given out; those on it are told once each, and put off for a day")
    func goesOn() async throws {
        var generator = Seeded(state: 3)
        let queue = try DamageableQueue()
        try queue.fill((0..<200).map { DamageableQueue.message($0, size: 900) })
        try queue.destroy(page: try #require(try queue.page(of: "sender111@")), using: &generator)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let path = queue.path
        let work = try await loop.submit { NIOLoopBound(try Work(path, on: loop), eventLoop: loop) }.get()
        var counts = (leased: 0, unreadable: 0)
        for _ in 0..<1000 {
            counts = try await loop.submit { (work.value.leased.count, work.value.unreadable.count) }.get()
            if counts.leased + counts.unreadable == 200 { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(counts.leased + counts.unreadable == 200 && (1...10).contains(counts.unreadable))
        let (ids, events) = try await loop.submit { (Array(work.value.unreadable.keys), work.value.otherEvents) }.get()
        #expect(ids.contains(DamageableQueue.id(111)) && events.isEmpty, "\(events)")
        var held: [QueueEntry] = []
        for _ in 0..<500 {
            let entries = try await loop.flatSubmit { work.value.queue.entries(after: nil, limit: 1000) }.get()
            #expect(entries.count == 200)
            held = entries.filter { $0.nextAttempt != nil }
            if held.count == ids.count { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(Set(held.map(\.message)) == Set(ids))
        for entry in held {
            #expect(MessageDamage.isReason(entry.lastError))
            #expect(try #require(entry.nextAttempt) > .now() + .seconds(23 * 60 * 60))
        }
        try await loop.flatSubmit { work.value.store.close() }.get()
        try await group.shutdownGracefully()
    }
}
