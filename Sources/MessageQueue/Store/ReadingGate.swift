import DequeModule
import Dispatch
import Synchronization

/// One at a time: a read of the reader, or what the writer can do only while nobody reads. In the order in which they come: a reader
/// that has one read behind the other does not keep the writer out.
final class ReadingGate: Sendable {
    private struct State {
        var isTaken = false
        var waiting: Deque<DispatchSemaphore> = []
    }

    private let state = Mutex(State())

    /// Waits for its turn, which blocks the thread, and runs the body.
    func pass<Value>(_ body: () throws -> Value) rethrows -> Value {
        let turn = state.withLock { state -> DispatchSemaphore? in
            guard state.isTaken else {
                state.isTaken = true
                return nil
            }
            let turn = DispatchSemaphore(value: 0)
            state.waiting.append(turn)
            return turn
        }
        turn?.wait()
        defer {
            // The gate stays taken where it is handed on.
            state.withLock { state in
                if let next = state.waiting.popFirst() { next.signal() } else { state.isTaken = false }
            }
        }
        return try body()
    }
}
