import DurableStorage
import MailVocabulary
import NIOCore
import NIOPosix

/// The queue in SQLite: one thread that writes with group commit, one that reads. Confined to the event loop it was made for; the
/// threads answer there.
public final class SQLiteQueueStore: QueueStore {
    /// The reading connection, used on the reader's thread only.
    private final class ConfinedReader: @unchecked Sendable {
        // Invariant: touched by jobs of `readerThread` only, and that pool has one thread.
        let reader: QueueReader
        init(_ reader: QueueReader) { self.reader = reader }
    }

    private let eventLoop: any EventLoop
    private let writer: QueueWriter
    private let readerThread: NIOThreadPool
    private let reader: ConfinedReader
    private let answer: @Sendable ([QueueWriter.Answer]) -> Void
    private let waiting: NIOLoopBound<Waiting>

    private final class Waiting {
        var completions: [UInt64: (Result<Void, StoreError>) -> Void] = [:]
        var nextToken: UInt64 = 0
    }

    /// - Parameters:
    ///   - database: open, migrated; belongs to the store from now on.
    ///   - path: of the same database, for the reading connection.
    public init(database: sending QueueDatabase, path: String, vfs: String? = nil, on eventLoop: any EventLoop) throws {
        self.eventLoop = eventLoop
        reader = ConfinedReader(try QueueReader(path: path, vfs: vfs))
        readerThread = NIOThreadPool(numberOfThreads: 1)
        readerThread.start()
        writer = QueueWriter(database: database, on: eventLoop)
        let waiting = NIOLoopBound(Waiting(), eventLoop: eventLoop)
        self.waiting = waiting
        answer = { answers in
            for (token, result) in answers { waiting.value.completions.removeValue(forKey: token)?(result) }
        }
    }

    public func submit(_ operation: StoreOperation, completion: @escaping (Result<Void, StoreError>) -> Void) {
        let waiting = waiting.value
        waiting.nextToken += 1
        waiting.completions[waiting.nextToken] = completion
        writer.submit((waiting.nextToken, operation), answer: answer)
    }

    /// Whether the thread that writes does not hang: it calls back, between two transactions.
    public func askWriter(_ answer: @escaping @Sendable () -> Void) { writer.ask(answer) }

    public func due(route: Route, now: Timestamp, limit: Int, contentBudget: Int) -> EventLoopFuture<DueWindow> {
        read { try $0.due(route: route, now: now, limit: limit, contentBudget: contentBudget) }
    }

    public func expired(route: Route, receivedBefore: Timestamp, now: Timestamp, limit: Int) -> EventLoopFuture<[DueRecipient]> {
        read { try $0.expired(route: route, receivedBefore: receivedBefore, now: now, limit: limit) }
    }

    public func hops(after: HopID?, limit: Int) -> EventLoopFuture<[StoredHop]> { read { try $0.hops(after: after, limit: limit) } }

    public func deferredHops(after: Timestamp, until: Timestamp) -> EventLoopFuture<(hops: [StoredHop], next: Timestamp?)> {
        read { try $0.deferredHops(after: after, until: until) }
    }

    public func message(_ id: QueueID) -> EventLoopFuture<StoredMessage?> { read { try $0.message(id) } }

    public func message(_ id: QueueID, recipients: [UInt32]) -> EventLoopFuture<StoredMessage?> {
        read { try $0.message(id, recipients: recipients) }
    }

    public func entries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        read { try $0.entries(after: after, limit: limit) }
    }

    public func heldEntries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        read { try $0.heldEntries(after: after, limit: limit) }
    }

    public func heldEntries(endingBefore time: Timestamp, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        read { try $0.heldEntries(endingBefore: time, limit: limit) }
    }

    public func heldCount() -> EventLoopFuture<Int> { read { try $0.heldCount() } }

    public func counts() -> EventLoopFuture<QueueCounts> { eventLoop.makeSucceededFuture(writer.counts) }

    /// Copies the log into the database and cuts it, behind what has been submitted.
    public func makeRoom() { writer.makeRoom() }

    /// Sets content files aside that no message names; runs beside everything else, and leaves the reader to others between two batches.
    ///
    /// - Parameter threads: where the folder is gone through, which blocks.
    public func setOrphansAside(of files: ContentFiles, before: QueueID, on threads: NIOThreadPool) -> EventLoopFuture<OrphanSweep> {
        threads.runIfActive(eventLoop: eventLoop) { [reader, readerThread, eventLoop, reading = writer.reading] in
            try files.setOrphansAside(before: before) { ids in
                try readerThread.runIfActive(eventLoop: eventLoop) { try reading.pass { try reader.reader.named(ids) } }.wait()
            }
        }
    }

    /// Finishes what was submitted, and closes both connections.
    public func close() -> EventLoopFuture<Void> {
        let readerDone = eventLoop.makePromise(of: Void.self)
        readerThread.shutdownGracefully { [eventLoop] _ in eventLoop.execute { readerDone.succeed() } }
        return readerDone.futureResult.flatMap { [writer] in writer.close() }
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (QueueReader) throws -> Value) -> EventLoopFuture<Value> {
        readerThread.runIfActive(eventLoop: eventLoop) { [reader, reading = writer.reading] in try reading.pass { try body(reader.reader) }
        }
    }
}
