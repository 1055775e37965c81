import MailVocabulary
import NIOCore

/// Connections: how many a next hop and a profile have, who may have another, and what next hops do with them.
extension WorkScheduler {
    func hasRoom(for hop: HopQueue) -> Bool {
        groups[hop.limits.group, default: ProfileConnections()].hasRoom(makingProgress: hop.isMakingProgress, total: hop.limits.total)
    }

    func connectionBegan(_ hop: HopQueue) {
        hop.active += 1
        groups[hop.limits.group, default: ProfileConnections()].began(makingProgress: hop.isMakingProgress)
    }

    /// A lease is over as far as its connection is concerned; its recipients are settled or given back apart.
    func connectionEnded(_ hop: HopQueue) {
        hop.active -= 1
        groups[hop.limits.group, default: ProfileConnections()].ended(makingProgress: hop.isMakingProgress)
        offerRoom(in: hop.limits.group)
        makeReady(hop)
        forgetIfIdle(hop)
    }

    /// There may be room: a hop that waits for it gets its turn.
    func offerRoom(in group: String) {
        while let hop = groups[group]?.nextWaiting() {
            makeReady(hop)
            // One that has no work any more passes it on.
            if hop.isReady { return }
        }
    }

    /// A holder keeps a connection to the route open, and waits for more work for it.
    ///
    /// - Returns: false where the limits do not allow it.
    func park(_ route: Route) -> Bool {
        guard let hop = hop(for: route), hop.mayLease, hasRoom(for: hop), !mustGiveWay(hop) else { return false }
        connectionBegan(hop)
        hop.parked += 1
        return true
    }

    /// It waits no more; its connection is closed.
    func unpark(_ route: Route) {
        guard let hop = hops[route], hop.parked > 0 else { return }
        hop.parked -= 1
        connectionEnded(hop)
    }

    /// Whether other hops of its profile have work and no room that a connection of this one would leave them.
    func mustGiveWay(_ hop: HopQueue) -> Bool {
        groups[hop.limits.group]?.isWanted(fromMakingProgress: hop.isMakingProgress) ?? false
    }

    /// The configuration has changed.
    func policiesChanged() {
        // Connections count where their hop belongs now.
        groups = [:]
        for hop in hops.values {
            hop.limits = limits(hop.route)
            hop.isBlocked = false
            groups[hop.limits.group, default: ProfileConnections()].began(hop.active, makingProgress: hop.isMakingProgress)
        }
        for hop in hops.values { makeReady(hop) }
    }

    // MARK: What next hops do with their connections

    /// What became of the work of one lease.
    ///
    /// - Parameter duration: from the moment it was given out.
    func answered(_ hop: HopQueue, _ answer: HopAnswer, now: NIODeadline, after duration: TimeAmount) {
        switch answer {
        case .progress:
            let limit = hop.limits.perHop
            change(hop) { $0.progressed(at: now, after: duration, limit: limit) }
        case .deferredAll: change(hop) { $0.deferredAll() }
        case .none: break
        }
    }

    /// Connections to the hop besides one that could not be made, and still counts.
    func others(_ hop: HopQueue) -> Int { max(0, hop.active - 1) }

    /// A connection to the hop could not be made; its own still counts.
    func notReached(_ hop: HopQueue) {
        let (others, growsFromOne) = (others(hop), hop.limits.growsFromOne)
        change(hop) { $0.notReached(others: others, growsFromOne: growsFromOne) }
    }

    /// Time has passed: hops that have made no progress lately are no more among those that do.
    func passed(now: NIODeadline) {
        pastFailures.passed(now: now)
        for hop in hops.values where hop.concurrency.isMakingProgress { change(hop) { $0.passed(now: now) } }
    }

    private func change(_ hop: HopQueue, _ body: (inout HopConcurrency) -> Void) {
        let before = hop.isMakingProgress
        body(&hop.concurrency)
        guard hop.isMakingProgress != before else { return }
        let group = hop.limits.group
        groups[group]?.ended(hop.active, makingProgress: before)
        groups[group]?.began(hop.active, makingProgress: hop.isMakingProgress)
        // What it held of the share of the others is free, and it waits among them no more.
        if hop.isMakingProgress {
            groups[group]?.unblock(hop)
            for _ in 0..<hop.active { offerRoom(in: group) }
        }
    }
}
