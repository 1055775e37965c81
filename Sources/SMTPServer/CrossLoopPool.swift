import ClientBudgets
import MailVocabulary
import NIOCore
import Synchronization
import Topology

/// A `SharedPool` that the event loops of a process have in common: its bounds hold for all of them together. Each loop takes and gives back
/// places through a ``Part`` of its own, and a member that has to make room for another hears of it on its own loop.
///
/// The lock is held for one operation of the pool, and nothing is called under it.
public final class CrossLoopPool: Sendable {
    /// What a member holds.
    public struct Place: Hashable, Sendable {
        fileprivate let part: Int
        fileprivate let number: UInt64
    }

    private struct State {
        var pool: SharedPool<Place>
        var lastNumber: UInt64 = 0
        /// By the number of the part: ends the member that has this place, on its loop.
        var endings: [@Sendable (Place) -> Void] = []
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - capacity: at least 1; nil: no limit.
    ///   - limitPerNetwork: of an ordinary client network; nil: none.
    ///   - protection: how long a member is safe after each use.
    public init(capacity: Int?, limitPerNetwork: Int?, budgets: BudgetSettings, protection: Duration) {
        state = Mutex(
            State(pool: SharedPool(capacity: capacity, limitPerNetwork: limitPerNetwork, budgets: budgets, protection: protection)))
    }

    /// A network's limit is the configured share of the pool.
    public init(capacity: Int, budgets: BudgetSettings, protection: Duration) {
        state = Mutex(State(pool: SharedPool(capacity: capacity, budgets: budgets, protection: protection)))
    }

    /// The members go on under other settings, as after a reload; none has to end.
    public func adopt(capacity: Int?, limitPerNetwork: Int?, budgets: BudgetSettings) {
        state.withLock {
            $0.pool = SharedPool($0.pool, capacity: capacity, limitPerNetwork: limitPerNetwork, budgets: budgets)
        }
    }

    /// The same where a network's limit is the configured share.
    public func adopt(capacity: Int, budgets: BudgetSettings) {
        state.withLock { $0.pool = SharedPool($0.pool, capacity: capacity, budgets: budgets) }
    }

    /// Members of all loops.
    public var count: Int { state.withLock { $0.pool.count } }

    /// The part of an event loop. On that loop.
    public func part(on eventLoop: any EventLoop) -> Part {
        let part = Part(of: self)
        let weakly = NIOLoopBound(WeakPart(part: part), eventLoop: eventLoop)
        part.number = state.withLock { state in
            state.endings.append { place in eventLoop.execute { weakly.value.part?.end(place) } }
            return state.endings.count - 1
        }
        return part
    }

    private struct WeakPart {
        weak var part: Part?
    }

    /// The members of one event loop. Confined to it.
    public final class Part {
        public enum Admission {
            case admitted(Place)
            /// The network has as many as it may have.
            case networkIsOverLimit(Int)
            /// All are at work, and none has been idle long enough to make room.
            case full
        }

        private struct Member {
            let end: () -> Void
            var lastUse: NIODeadline
        }

        private let pool: CrossLoopPool
        fileprivate var number = 0
        private var members: [Place: Member] = [:]

        fileprivate init(of pool: CrossLoopPool) { self.pool = pool }

        /// Takes a place.
        ///
        /// - Parameter end: called at most once, where this member has to make room for another: it has no place any more.
        public func admit(from network: ClientNetwork, at now: NIODeadline = .now(), end: @escaping () -> Void) -> Admission {
            let (place, admission, ending) = pool.admit(from: network, to: number, at: now)
            switch admission {
            case .networkIsOverLimit(let limit): return .networkIsOverLimit(limit)
            case .full: return .full
            case .admitted: break
            case .admittedInPlaceOf(let other): if let ending { ending(other) } else { self.end(other) }
            }
            members[place] = Member(end: end, lastUse: now)
            return .admitted(place)
        }

        /// The member did something: it is the last to make room. Taken to a tenth of a second, as it may be said for every read.
        public func used(_ place: Place, at now: NIODeadline = .now()) {
            guard let member = members[place], now - member.lastUse >= Self.resolution else { return }
            members[place]?.lastUse = now
            pool.used(place, at: now)
        }

        /// The member needs its place no more, if it still has it.
        public func leave(_ place: Place) {
            guard members.removeValue(forKey: place) != nil else { return }
            pool.leave(place)
        }

        fileprivate func end(_ place: Place) { members.removeValue(forKey: place)?.end() }

        private static let resolution = TimeAmount.milliseconds(100)
    }

    /// - Returns: also what ends the member whose place it is now, where that is of another part.
    private func admit(
        from network: ClientNetwork, to part: Int, at now: NIODeadline
    ) -> (Place, SharedPool<Place>.Admission, (@Sendable (Place) -> Void)?) {
        state.withLock { state in
            state.lastNumber += 1
            let place = Place(part: part, number: state.lastNumber)
            let admission = state.pool.admit(place, from: network, at: now.sinceBoot)
            guard case .admittedInPlaceOf(let other) = admission, other.part != part else { return (place, admission, nil) }
            return (place, admission, state.endings[other.part])
        }
    }

    private func used(_ place: Place, at now: NIODeadline) { state.withLock { $0.pool.used(place, at: now.sinceBoot) } }
    private func leave(_ place: Place) { state.withLock { $0.pool.remove(place) } }
}

extension NIODeadline {
    /// As the pools count time.
    public var sinceBoot: Duration { .nanoseconds(Int64(clamping: uptimeNanoseconds)) }
}
