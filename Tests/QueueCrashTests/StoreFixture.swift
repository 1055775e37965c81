import CrashModel
import Dispatch
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Synchronization

/// A queue on an event loop, over a database whose every step is recorded and may be let fail.
final class StoreFixture: @unchecked Sendable {
    // Invariant: queue, store and events are touched on `loop` only; everything else is Sendable and never changes.
    let folder: TemporaryFolder
    let recorder: StorageRecorder
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var loop: any EventLoop { group.next() }
    private var opened: (store: SQLiteQueueStore, queue: MessageQueue)?
    private(set) var events: [String] = []

    init() async throws {
        folder = try TemporaryFolder()
        recorder = try StorageRecorder(root: folder.path)
        try await loop.submit { [self] in
            let path = "\(recorder.root)/queue.sqlite"
            let database = try QueueDatabase(path: path, vfs: recorder.vfsName)
            let (epoch, largest) = (try database.nextEpoch(), try database.largestMessageID())
            let store = try SQLiteQueueStore(database: database, path: path, vfs: recorder.vfsName, on: loop)
            let queue = MessageQueue(
                store: store, on: loop, epoch: epoch, largestID: largest, holders: [],
                limits: { _ in RoutePolicy(perHop: nil, group: "default", total: nil) },
                report: { [unowned self] in
                    switch $0 {
                    case .storeFailed: events.append("failed")
                    case .storeRecovered: events.append("recovered")
                    default: events.append("\($0)")
                    }
                })
            queue.start()
            opened = (store, queue)
        }.get()
    }

    /// Closes the queue; the recorder can be explored then.
    func close() async throws {
        try await loop.flatSubmit { [self] in opened?.store.close() ?? loop.makeSucceededVoidFuture() }.get()
        try await loop.submit { [self] in opened = nil }.get()
        try await group.shutdownGracefully()
        guard recorder.close() else { throw CrashViolation("files of SQLite are open") }
    }

    func closeStore() async throws {
        try await loop.flatSubmit { [self] in opened?.store.close() ?? loop.makeSucceededVoidFuture() }.get()
    }

    /// Runs on the event loop.
    func run<Value: Sendable>(_ body: @escaping @Sendable (MessageQueue, SQLiteQueueStore) throws -> Value) async throws -> Value {
        try await loop.submit { [self] in
            guard let opened else { throw StoreError.closed }
            return try body(opened.queue, opened.store)
        }.get()
    }

    /// Submits operations to the store in one go, so that they share a group, and waits for the answers.
    ///
    /// - Parameter fault: asked before every step that follows.
    func submit(
        _ operations: [StoreOperation], fault: @escaping @Sendable (StorageAttempt) -> Int32? = { _ in nil }
    ) async throws -> [Result<Void, StoreError>] {
        let gate = DispatchSemaphore(value: 0)
        let loop = loop
        // The writer is held in a transaction of no consequence until all the others wait behind it.
        let steps = Counter()
        let held = loop.makePromise(of: Void.self)
        recorder.inject {
            if steps.next() == 0 {
                held.succeed()
                gate.wait()
            }
            return fault($0)
        }
        try await run { _, store in store.submit(.rememberHolder(HolderRecord(id: 1, carrier: .mailbox, processID: 1))) { _ in } }
        try await held.futureResult.get()
        let answers = try await run { _, store in
            operations.map { operation in
                let promise = loop.makePromise(of: Result<Void, StoreError>.self)
                store.submit(operation) { promise.succeed($0) }
                return promise.futureResult
            }
        }
        gate.signal()
        return try await EventLoopFuture.whenAllSucceed(answers, on: loop).get()
    }

    /// On the event loop.
    func setOrphansAside(of files: ContentFiles, on threads: NIOThreadPool) -> EventLoopFuture<OrphanSweep> {
        guard let opened else { return loop.makeFailedFuture(StoreError.closed) }
        return opened.store.setOrphansAside(of: files, before: opened.queue.nextID(), on: threads)
    }

    /// The next lease of any route for a holder.
    func lease(holder: UInt64) -> EventLoopFuture<LeaseGrant?> {
        let promise = loop.makePromise(of: LeaseGrant?.self)
        loop.execute { [self] in
            opened?.queue.awaitLease(.delivery, holder: holder, token: holder) { promise.succeed($0) }
        }
        return promise.futureResult
    }

    func enqueue(_ count: Int = 1) async throws -> [QueueID] {
        let loop = loop
        let ids = try await run { queue, _ in
            (0..<count).map { _ in
                let promise = loop.makePromise(of: QueueID.self)
                let message = RecoveredQueue.small(queue.nextID())
                queue.enqueue(message) { promise.completeWith($0.map { message.id }.mapError { $0 as any Error }) }
                return promise.futureResult
            }
        }
        return try await EventLoopFuture.whenAllSucceed(ids, on: loop).get()
    }
}

/// Counts from 0, on any thread.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
}
