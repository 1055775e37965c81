import DurableStorage
import Foundation
import MailVocabulary
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MessageQueue

@Suite("The queue's tables")
struct QueueDatabaseTests {
    private final class Folder {
        let path: String
        init() throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("postern-database-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        // What is left over lies in the folder for temporary files.
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var database: String { "\(path)/queue.sqlite" }
    }

    private static func message(_ id: Int64, route: Route, writtenTo: EmailAddress? = nil, size: Int = 20) -> QueuedMessage {
        QueuedMessage(
            id: QueueID(value: id), receivedAt: Timestamp(microseconds: id), sender: EnvelopeSender(reversePath: .null), origin: .system,
            size: size, has8BitOctets: false, content: .inline(ByteBuffer(repeating: 0x61, count: size)),
            recipients: [
                QueuedRecipient(
                    index: 0, recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u@example.org")!), writtenTo: writtenTo,
                    route: route)
            ])
    }

    private static func route(_ number: Int64) -> Route {
        Route(connector: "general", nextHop: "dns:h\(number).example", carrier: .delivery)
    }

    @Test("the time of the last change of the configuration outlives starts that change nothing")
    func revision() throws {
        let folder = try Folder()
        func start(_ revision: Int64, at seconds: Int64) throws -> Timestamp {
            try QueueDatabase(path: folder.database).runs(revision: revision, now: Timestamp(seconds: seconds))
        }
        #expect(try start(1, at: 100) == Timestamp(seconds: 100))
        #expect(try start(1, at: 200) == Timestamp(seconds: 100))
        #expect(try start(2, at: 300) == Timestamp(seconds: 300))
        #expect(try start(2, at: 400) == Timestamp(seconds: 300))
        #expect(try start(1, at: 500) == Timestamp(seconds: 500))
        // Reloads there and back count as well: what came in between was decided about by the other.
        try QueueDatabase(path: folder.database).apply([
            .reconfigured(revision: 2, at: Timestamp(seconds: 600)), .reconfigured(revision: 1, at: Timestamp(seconds: 700)),
        ])
        #expect(try start(1, at: 800) == Timestamp(seconds: 700))
    }

    @Test("a database of version 1 is brought to this one: its mail is there, and was written to the addresses that it goes to")
    func migration() throws {
        let folder = try Folder()
        do {
            let connection = try SQLiteConnection(path: folder.database, mode: .readWriteCreate)
            try connection.apply(SQLiteSettings(pageSize: .kibibytes(8)))
            try connection.migrate(to: Array(QueueSchema.migrations.prefix(1)))
            try connection.execute(
                """
                INSERT INTO messages VALUES (7, 7, 'a@example.org', NULL, 0, 0, 0, NULL, 'edge', '192.0.2.1', NULL, NULL, 3, 0, x'616263');
                INSERT INTO hops (carrier, connector, next_hop) VALUES (1, 'general', 'dns:example.org');
                INSERT INTO recipients VALUES (7, 0, 1, 0, 0, 'u@example.org', 0, 'rfc822;forged@our.example', NULL);
                """)
        }
        let database = try QueueDatabase(path: folder.database)
        let alias = try #require(EmailAddress(parsing: "alias@our.example"))
        try database.apply([.enqueue(Self.message(8, route: Self.route(1), writtenTo: alias))])
        let reader = try QueueReader(path: folder.database)
        let old = try #require(try reader.message(QueueID(value: 7)))
        #expect(old.recipients.map(\.writtenTo) == [nil])
        #expect(old.recipients.map(\.recipient.originalRecipient) == ["rfc822;forged@our.example"])
        #expect(old.recipients.map(\.route.nextHop) == ["dns:example.org"])
        #expect(old.decided == nil)
        #expect(try reader.message(QueueID(value: 8))?.recipients.map(\.writtenTo) == [alias])
        #expect(database.counts == QueueCounts(messages: 2, recipients: 2))
    }

    @Test("routes that nobody takes any more leave the table while the core runs, and those in use stay")
    func unusedHops() throws {
        let folder = try Folder()
        let database = try QueueDatabase(path: folder.database)
        let reader = try QueueReader(path: folder.database)
        let kept = (1...20).map { Self.message($0, route: Self.route($0)) }
        try database.apply(kept.map { .enqueue($0) })
        for number in Int64(21)...1000 {
            try database.apply([.enqueue(Self.message(number, route: Self.route(number)))])
            try database.apply([.settle(QueueID(value: number), [Settlement(index: 0, change: .finished)], reports: [])])
            // Also where a route comes back that is gone.
            if number % 7 == 0 {
                try database.apply([.enqueue(Self.message(number + 10_000, route: Self.route(number - 5)))])
                try database.apply([.settle(QueueID(value: number + 10_000), [Settlement(index: 0, change: .finished)], reports: [])])
            }
        }
        let hops = try reader.hops(after: nil, limit: 5000)
        #expect(hops.count <= 64)
        #expect(Set(hops.map(\.route)).isSuperset(of: kept.flatMap { $0.recipients.map(\.route) }))
        for route in kept.flatMap({ $0.recipients.map(\.route) }) {
            #expect(try reader.due(route: route, now: .now(), limit: 10, contentBudget: 0).recipients.count == 1)
        }
    }

    @Test("beside reads without a pause the log has a bound, and both sides go on")
    func logBound() async throws {
        let folder = try Folder()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let (pages, path) = (32, folder.database)
        let store = try await loop.submit {
            let database = try QueueDatabase(path: path, checkpointPages: pages)
            return NIOLoopBound(try SQLiteQueueStore(database: database, path: path, on: loop), eventLoop: loop)
        }.get()
        let reading = Reading()
        // Several at once: one read stands behind the other all the time.
        let reads = try await loop.submit { (0..<4).map { _ in reading.goOn(store) } }.get()
        var longest = 0
        for number in Int64(1)...400 {
            let stored = loop.makePromise(of: Void.self)
            try await loop.submit {
                store.value.submit(.enqueue(Self.message(number, route: Self.route(1), size: 20_000))) {
                    stored.completeWith($0.mapError { $0 as any Error })
                }
            }.get()
            try await stored.futureResult.get()
            longest = max(longest, try POSIXFileSystem().status(of: "\(path)-wal")?.size ?? 0)
        }
        reading.isOver.store(true, ordering: .relaxed)
        for read in reads { try await read.get() }
        #expect(reading.count.load(ordering: .relaxed) > 0)
        // What is over the bound is one transaction.
        #expect(longest <= (pages * QueueDatabase.longestLog + 40) * (8192 + 24), "\(longest)")
        #expect(try await loop.flatSubmit { store.value.counts() }.get().messages == 400)
        try await loop.flatSubmit { store.value.close() }.get()
        try await group.shutdownGracefully()
    }

    private final class Reading: Sendable {
        let isOver = Atomic<Bool>(false)
        let count = Atomic<Int>(0)

        /// One read after the other, until it is over.
        func goOn(_ store: NIOLoopBound<SQLiteQueueStore>) -> EventLoopFuture<Void> {
            store.value.entries(after: nil, limit: 100).flatMap { _ in
                self.count.add(1, ordering: .relaxed)
                if self.isOver.load(ordering: .relaxed) { return store.eventLoop.makeSucceededVoidFuture() }
                return self.goOn(store)
            }
        }
    }
}
