import Synchronization

/// A part of a process that answers the watchdog, or keeps it waiting.
final class Answers: Sendable {
    private struct State {
        var hangs = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    func next(_ answer: @escaping @Sendable () -> Void) {
        let isNow = state.withLock { state in
            if state.hangs { state.waiting.append(answer) }
            return !state.hangs
        }
        if isNow { answer() }
    }

    func hang() { state.withLock { $0.hangs = true } }

    func goOn() {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for answer in waiting { answer() }
    }
}
