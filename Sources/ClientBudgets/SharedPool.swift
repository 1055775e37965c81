import MailVocabulary
import Topology

/// A pool that all clients share: bounded as a whole, bounded per client network, and when it is full, what has been idle longest
/// makes room. A value; time comes in as the time since some fixed moment.
public struct SharedPool<Member: Hashable & Sendable>: Sendable {
    public enum Admission: Hashable, Sendable {
        case admitted
        /// The pool was full; this member has been taken out and has to end.
        case admittedInPlaceOf(Member)
        /// The network has as many as it may have.
        case networkIsOverLimit(Int)
        /// All are at work, and none has been idle long enough to make room.
        case full
    }

    private struct Place: Sendable {
        let network: ClientNetwork
        var lastUse: Duration
    }

    /// nil: as many as come.
    private let capacity: Int?
    /// A member that has been used within this time does not make room for another.
    private let protection: Duration
    private var shares: NetworkShares
    private var members: BoundedTable<Member, Place>

    /// - Parameters:
    ///   - capacity: at least 1; nil: no limit.
    ///   - limitPerNetwork: of an ordinary network; nil: none.
    ///   - protection: how long a member is safe after each use.
    public init(capacity: Int?, limitPerNetwork: Int?, budgets: BudgetSettings, protection: Duration) {
        (self.capacity, self.protection) = (capacity, protection)
        shares = NetworkShares(limit: limitPerNetwork, budgets: budgets)
        members = BoundedTable(capacity: .max)
    }

    /// A network's limit is the configured share of the pool.
    public init(capacity: Int, budgets: BudgetSettings, protection: Duration) {
        self.init(
            capacity: capacity, limitPerNetwork: NetworkShares.limit(shareOf: capacity, budgets), budgets: budgets, protection: protection)
    }

    /// The members go on under other settings, as after a reload; none is taken out.
    public init(_ other: SharedPool, capacity: Int?, limitPerNetwork: Int?, budgets: BudgetSettings) {
        (self.capacity, protection, members) = (capacity, other.protection, other.members)
        shares = NetworkShares(other.shares, limit: limitPerNetwork, budgets: budgets)
    }

    public init(_ other: SharedPool, capacity: Int, budgets: BudgetSettings) {
        self.init(other, capacity: capacity, limitPerNetwork: NetworkShares.limit(shareOf: capacity, budgets), budgets: budgets)
    }

    public var count: Int { members.count }
    public func contains(_ member: Member) -> Bool { members.value(member) != nil }
    public func held(by network: ClientNetwork) -> Int { shares.held(by: network) }

    public mutating func admit(_ member: Member, from network: ClientNetwork, at now: Duration) -> Admission {
        // Before anybody makes room: a network that is over its limit must not push out others.
        if case .overLimit(let limit) = shares.take(by: network) { return .networkIsOverLimit(limit) }
        var evicted: Member?
        if let capacity, members.count >= capacity {
            guard let (oldest, place) = members.oldestEntry, now - place.lastUse >= protection else {
                shares.give(back: 1, by: network)
                return .full
            }
            remove(oldest)
            evicted = oldest
        }
        members.set(Place(network: network, lastUse: now), for: member)
        return evicted.map { .admittedInPlaceOf($0) } ?? .admitted
    }

    /// The member did something: it is the last to make room.
    public mutating func used(_ member: Member, at now: Duration) {
        guard var place = members.value(member) else { return }
        place.lastUse = now
        members.set(place, for: member)
    }

    public mutating func remove(_ member: Member) {
        guard let place = members.value(member) else { return }
        members.remove(member)
        shares.give(back: 1, by: place.network)
    }
}
