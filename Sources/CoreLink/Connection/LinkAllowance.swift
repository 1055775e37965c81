import Synchronization

/// How many connections the pools of several event loops may have open together, so that all of them stay within what the other end
/// admits. Whatever loop needs them may have them all: a pool that finds none left waits, and the others end a connection that is idle.
public final class LinkAllowance: Sendable {
    /// One of the pools, as the others know it. Both are called on any thread.
    struct Member: Sendable {
        /// Connections may be free again.
        let onRoom: @Sendable () -> Void
        /// Another pool waits: an idle connection should end.
        let onWanted: @Sendable () -> Void
    }

    private struct State {
        var free: Int
        var members: [Member] = []
        /// Those that wait, by their number.
        var waiting: Set<Int> = []
    }

    private let state: Mutex<State>

    /// - Parameter connections: of all pools together.
    public init(connections: Int) { state = Mutex(State(free: connections)) }

    /// - Returns: the number that the pool goes by.
    func join(_ member: Member) -> Int {
        state.withLock { state in
            state.members.append(member)
            return state.members.count - 1
        }
    }

    /// Takes a connection out of the allowance.
    ///
    /// - Returns: false where none is left: the pool hears of it when that may have changed.
    func take(by pool: Int) -> Bool {
        let asked = state.withLock { state -> [Member]? in
            guard state.free == 0 else {
                state.free -= 1
                return nil
            }
            // The others have been asked already.
            guard state.waiting.insert(pool).inserted else { return [] }
            return state.members.indices.filter { $0 != pool }.map { state.members[$0] }
        }
        guard let asked else { return true }
        for member in asked { member.onWanted() }
        return false
    }

    /// A connection has ended.
    func giveBack() {
        let woken = state.withLock { state -> [Member] in
            state.free += 1
            guard !state.waiting.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting.sorted().map { state.members[$0] }
        }
        for member in woken { member.onRoom() }
    }

    /// Whether a connection that this pool has no use for now is waited for elsewhere.
    func isWanted(besides pool: Int) -> Bool { state.withLock { $0.waiting.contains { $0 != pool } } }

    /// What is left of it.
    var free: Int { state.withLock { $0.free } }
}
