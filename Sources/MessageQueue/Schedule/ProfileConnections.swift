import DequeModule

/// The connections that the next hops of one outbound profile have together (S03), and the hops that wait for one.
///
/// Half of them are for hops that make progress: those that have not answered yet, or hold their connections without anything coming
/// of it, have the other half together, however many they are.
struct ProfileConnections {
    private(set) var active = 0
    /// Of these, the ones of hops that make no progress.
    private(set) var withoutProgress = 0
    /// Hops that found all connections taken, in turn. Each stands in one of the two lines at most (`HopQueue.isBlocked`).
    private(set) var waiting: Deque<HopQueue> = []
    /// Hops that make no progress and found their half taken, in turn.
    private(set) var waitingWithoutProgress: Deque<HopQueue> = []

    /// What hops that make no progress may have of a total.
    static func share(of total: Int) -> Int { total / 2 + total % 2 }

    /// Whether there is room for one more connection.
    func hasRoom(makingProgress: Bool, total: Int?) -> Bool {
        guard let total else { return true }
        return active < total && (makingProgress || withoutProgress < Self.share(of: total))
    }

    mutating func began(_ count: Int = 1, makingProgress: Bool) {
        active += count
        if !makingProgress { withoutProgress += count }
    }

    mutating func ended(_ count: Int = 1, makingProgress: Bool) {
        active -= count
        if !makingProgress { withoutProgress -= count }
    }

    /// A hop found no room.
    mutating func block(_ hop: HopQueue) {
        guard !hop.isBlocked else { return }
        hop.isBlocked = true
        if let total = hop.limits.total, active < total { waitingWithoutProgress.append(hop) } else { waiting.append(hop) }
    }

    /// A hop waits no more for the room of those that make no progress.
    mutating func unblock(_ hop: HopQueue) {
        guard hop.isBlocked, let place = waitingWithoutProgress.firstIndex(where: { $0 === hop }) else { return }
        waitingWithoutProgress.remove(at: place)
        hop.isBlocked = false
    }

    /// The hop whose turn it is, if there is room for it; it waits no more.
    mutating func nextWaiting() -> HopQueue? {
        for line in [\ProfileConnections.waiting, \ProfileConnections.waitingWithoutProgress] {
            guard let hop = self[keyPath: line].first,
                hasRoom(makingProgress: line == \.waiting || hop.isMakingProgress, total: hop.limits.total)
            else { continue }
            self[keyPath: line].removeFirst()
            hop.isBlocked = false
            return hop
        }
        return nil
    }

    /// Whether a connection of such a hop that waits for more work stands in the way of a hop that has some.
    func isWanted(fromMakingProgress makingProgress: Bool) -> Bool {
        !waiting.isEmpty || (!makingProgress && !waitingWithoutProgress.isEmpty)
    }
}
