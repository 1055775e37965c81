import MailVocabulary
import NIOCore
import NIOPosix
import Synchronization

@testable import MessageQueue

#if canImport(Glibc)
    import Glibc
#endif

/// A queue over a real database in a folder of its own, on an event loop of its own.
final class QueueFixture: @unchecked Sendable {
    // Invariant: the queue and everything below is touched on `loop` only; the folder's name never changes.
    let folder: String
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var loop: any EventLoop { group.next() }
    private(set) var queue: MessageQueue!
    private(set) var store: SQLiteQueueStore!
    private(set) var epoch: UInt32 = 0
    private var oldMessages: Int64 = 0
    private(set) var events: [String] = []

    init() throws {
        var template = Array("/tmp/postern-queue-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw StoreError.failed("mkdtemp") }
        folder = String(cString: made)
    }

    var path: String { "\(folder)/queue.sqlite" }

    /// Opens the queue as a start of the core does.
    ///
    /// - Parameter expired: given the messages that are given up untried; what it does not settle stays.
    func open(
        policy: RoutePolicy = RoutePolicy(perHop: 100, group: "default", total: 1000), timing: LeaseTiming = .standard,
        expirySweep: Duration = .seconds(30), clock: SettableClock = SettableClock(),
        expired: @escaping @Sendable (QueueFixture, LeaseGrant) -> Void = { _, _ in }
    ) async throws {
        try await loop.submit { [self] in
            let database = try QueueDatabase(path: path)
            try database.forgetUnusedHops()
            epoch = try database.nextEpoch()
            let largest = try database.largestMessageID()
            let holders = try database.holders()
            let unreachable = try database.unreachableHops(now: clock.now)
            store = try SQLiteQueueStore(database: database, path: path, on: loop)
            queue = MessageQueue(
                store: store, on: loop, epoch: epoch, largestID: largest, holders: holders, limits: { _ in policy },
                timing: timing, expirySweep: expirySweep, clock: { clock.now }, report: { [self] in events.append("\($0)") },
                expired: { [self] grant, _ in expired(self, grant) })
            queue.restore(unreachable)
            queue.start()
        }.get()
    }

    /// Forgets everything in memory, as a restart does; what is in the store stays.
    func restart(policy: RoutePolicy = RoutePolicy(perHop: 100, group: "default", total: 1000)) async throws {
        try await store.close().get()
        try await open(policy: policy)
    }

    func close() async throws {
        try await store.close().get()
        try await group.shutdownGracefully()
        for name in ["", "-wal", "-shm"] { unlink(path + name) }
        rmdir(folder)
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable (MessageQueue) throws -> Value) async throws -> Value {
        try await loop.submit { [self] in try body(queue) }.get()
    }

    static let route = Route(connector: "general", nextHop: "domain:example.org", carrier: .delivery)

    func message(
        _ queue: MessageQueue, recipients: Int = 1, route: Route = QueueFixture.route, content: String = "Subject: x\r\n\r\nbody\r\n",
        receivedAt: Timestamp? = nil
    )
        -> QueuedMessage
    {
        // An id is the time at which a message began.
        oldMessages += 1
        let id = receivedAt.map { QueueID(value: $0.microseconds + oldMessages) } ?? queue.nextID()
        return QueuedMessage(
            id: id, receivedAt: receivedAt ?? .now(), sender: EnvelopeSender(reversePath: .null), origin: .system,
            size: content.utf8.count, has8BitOctets: false, content: .inline(ByteBuffer(string: content)),
            recipients: (0..<recipients).map {
                QueuedRecipient(
                    index: UInt32($0), recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u\($0)@example.org")!), route: route)
            })
    }

    /// Makes messages durable; returns their ids.
    func enqueue(
        _ count: Int, recipients: Int = 1, route: Route = QueueFixture.route, receivedAt: Timestamp? = nil
    ) async throws -> [QueueID] {
        let futures = try await run { [self] queue -> [EventLoopFuture<QueueID>] in
            (0..<count).map { _ in
                let promise = loop.makePromise(of: QueueID.self)
                let message = message(queue, recipients: recipients, route: route, receivedAt: receivedAt)
                queue.enqueue(message) { promise.completeWith($0.map { message.id }.mapError { $0 as any Error }) }
                return promise.futureResult
            }
        }
        return try await EventLoopFuture.whenAllSucceed(futures, on: loop).get()
    }

    /// The next lease for any route.
    func lease(_ carrier: Carrier = .delivery, holder: UInt64 = 1) async throws -> LeaseGrant {
        let promise = loop.makePromise(of: LeaseGrant?.self)
        try await run { $0.awaitLease(carrier, holder: holder, token: 0) { promise.succeed($0) } }
        guard let grant = try await promise.futureResult.get() else { throw StoreError.closed }
        return grant
    }

    func settle(_ grant: LeaseGrant, _ change: Settlement.Change = .finished, contact: HopContact = .reached) async throws {
        let promise = loop.makePromise(of: Void.self)
        try await run {
            $0.settle(
                grant.id, grant.recipients.map { Settlement(index: $0.index, change: change) }, contact: contact,
                completion: { promise.succeed() })
        }
        try await promise.futureResult.get()
    }

    func counts() async throws -> QueueCounts { try await loop.flatSubmit { [self] in queue.counts() }.get() }
}

/// The wall clock of a queue, which a test sets; time passes in it as it does.
final class SettableClock: Sendable {
    private let shift = Mutex(Duration.zero)
    func set(by duration: Duration) { shift.withLock { $0 += duration } }
    var now: Timestamp { Timestamp.now() + shift.withLock { $0 } }
}
