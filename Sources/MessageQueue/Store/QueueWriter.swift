import DurableStorage
import NIOCore
import NIOPosix
import Synchronization

/// The writer's thread: group commit.
///
/// Everything that arrives while one transaction syncs goes into the next. An operation that fails alone takes nothing with it: a
/// group that fails is tried again one by one.
final class QueueWriter: Sendable {
    /// One operation on its way to the disk; the token names the one who waits for it.
    typealias Submission = (token: UInt64, operation: StoreOperation)
    typealias Answer = (token: UInt64, result: Result<Void, StoreError>)

    /// The connection, used on the writer's thread only.
    private final class Confined: @unchecked Sendable {
        // Invariant: touched by jobs of `thread` only, and that pool has one thread.
        let database: QueueDatabase
        init(_ database: QueueDatabase) { self.database = database }
    }

    private struct State {
        var waiting: [Submission] = []
        var isDraining = false
    }

    private let confined: Confined
    private let thread: NIOThreadPool
    private let state = Mutex(State())
    private let eventLoop: any EventLoop
    private let lastCounts: Mutex<QueueCounts>
    /// Held by the reader for as long as it reads, and by the writer where the log must begin anew. The reader keeps no statement open
    /// between two reads, so the writer waits for one read at most.
    let reading = ReadingGate()
    /// Groups larger than this are cut, so that the first of them does not wait for the last.
    private static let largestGroup = 1024

    init(database: sending QueueDatabase, on eventLoop: any EventLoop) {
        lastCounts = Mutex(database.counts)
        confined = Confined(database)
        thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        self.eventLoop = eventLoop
    }

    /// As the last commit left them.
    var counts: QueueCounts { lastCounts.withLock { $0 } }

    /// - Parameter answer: called on the event loop with the results of a whole group.
    func submit(_ submission: Submission, answer: @escaping @Sendable ([Answer]) -> Void) {
        let mustStart = state.withLock { state in
            state.waiting.append(submission)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustStart { thread.submit { $0 == .active ? self.drain(answer) : self.refuse(answer) } }
    }

    /// The thread has ended.
    private func refuse(_ answer: @escaping @Sendable ([Answer]) -> Void) {
        let late = state.withLock { state -> [Submission] in
            defer { state = State() }
            return state.waiting
        }
        eventLoop.execute { answer(late.map { ($0.token, .failure(.closed)) }) }
    }

    /// Waits until everything submitted is answered, copies the log into the database, and ends the thread.
    func close() -> EventLoopFuture<Void> {
        let done = eventLoop.makePromise(of: Void.self)
        thread.submit { [confined, thread, eventLoop] _ in
            let result = Result { try confined.database.checkpoint() }
            thread.shutdownGracefully { _ in eventLoop.execute { done.completeWith(result) } }
        }
        return done.futureResult
    }

    /// Calls back on the writer's thread, behind the groups that it has begun; at once where the thread has ended.
    func ask(_ answer: @escaping @Sendable () -> Void) { thread.submit { _ in answer() } }

    func makeRoom() {
        thread.submit { [self] in
            if $0 == .active { cutLog() }
        }
    }

    private func drain(_ answer: @escaping @Sendable ([Answer]) -> Void) {
        while true {
            let group = state.withLock { state -> [Submission] in
                if state.waiting.count <= Self.largestGroup {
                    let group = state.waiting
                    state.waiting = []
                    if group.isEmpty { state.isDraining = false }
                    return group
                }
                let group = Array(state.waiting.prefix(Self.largestGroup))
                state.waiting.removeFirst(Self.largestGroup)
                return group
            }
            if group.isEmpty { return }
            let answers = commit(group)
            eventLoop.execute { answer(answers) }
        }
    }

    private func commit(_ group: [Submission], isFirstTry: Bool = true) -> [Answer] {
        do {
            try apply(group)
            return group.map { ($0.token, .success(())) }
        } catch {
            let error = StoreError(error)
            if case .full = error, isFirstTry { cutLog() }
            if group.count == 1 {
                // What ends work makes room; it is worth a second try in the room that the log has left.
                guard isFirstTry, case .full = error, case .settle = group[0].operation else { return [(group[0].token, .failure(error))] }
            }
            return group.flatMap { commit([$0], isFirstTry: false) }
        }
    }

    private func apply(_ group: [Submission]) throws {
        let database = confined.database
        try database.apply(group.map(\.operation))
        lastCounts.withLock { $0 = database.counts }
        // What is committed stands; where this fails, the next commit tries again.
        if database.isLogTooLong { reading.pass { try? database.restartLog() } }
    }

    /// The disk is full: what the log holds and the database has already is given back, so that at least work can be finished.
    private func cutLog() {
        // Where that fails as well, the operations say so.
        reading.pass { try? confined.database.checkpoint() }
    }
}

extension StoreError {
    public init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as SQLiteError where error.isFull: self = .full(error.description)
        case let error as FileError where error.isNoSpace: self = .full("\(error)")
        default: self = .failed("\(error)")
        }
    }
}
