import MailVocabulary
import NIOCore

/// Next hops that cannot be reached: left alone as a whole (E07), while what waits for them still grows too old (E09).
extension MessageQueue {
    /// When the next hop of a lease is asked again, if this one did not reach it; nil where other connections to it are there: then it is
    /// for them to say what it can take, and what was leased waits its turn behind them.
    public func nextContact(afterFailureOf id: LeaseID) -> Timestamp? {
        guard let hop = leases[id]?.entry.hop, scheduler.others(hop) == 0 else { return nil }
        return hop.pausedUntil ?? hop.limits.retry.nextContact(after: hop.failures + 1, now: now())
    }

    func pause(_ hop: HopQueue, _ reply: Reply) {
        let now = self.now()
        hop.lastFailure = reply
        guard hop.pausedUntil == nil else { return }
        let until = hop.limits.retry.nextContact(after: hop.failures + 1, now: now)
        scheduler.pause(hop, until: until)
        hop.failingSince = hop.failingSince ?? now
        leaveAlone(hop, until: until)
        if let trouble = hop.trouble {
            remember(trouble)
            report(.nextHopUnreachable(trouble))
        }
        expire(hop)
    }

    /// A hop that is left alone is asked again at this time.
    func leaveAlone(_ hop: HopQueue, until: Timestamp) {
        hop.pausedUntil = until
        after(max(.zero, until - now())) { [weak self] in self?.resume(hop, until) }
    }

    /// - Parameter until: as it was planned; since then it may have been planned anew.
    func resume(_ hop: HopQueue, _ until: Timestamp) {
        guard hop.pausedUntil == until else { return }
        scheduler.resume(hop)
        dispatch()
    }

    func watchExpiry(of message: QueuedMessage) {
        // What is in the store alone is found by the sweep.
        guard case .listed(let recipients) = message.recipients else { return }
        for route in Set(recipients.map(\.route)) {
            if let hop = scheduler.hops[route] { watchExpiry(hop) }
        }
    }

    /// Looks again when the first message that waits for a hop that is left alone becomes too old.
    func watchExpiry(_ hop: HopQueue) {
        guard let until = hop.pausedUntil, let first = scheduler.firstExpiry(hop, received: received), first < until,
            hop.nextExpiryCheck.map({ first < $0 }) ?? true
        else { return }
        hop.nextExpiryCheck = first
        after(max(.zero, first - now())) { [weak self] in
            guard hop.nextExpiryCheck == first else { return }
            hop.nextExpiryCheck = nil
            self?.expire(hop)
        }
    }

    /// Messages that wait for a next hop that is left alone are given up when they are as old as they may get (E09), though nobody
    /// tries them.
    func expire(_ hop: HopQueue) {
        let now = self.now()
        while let assignment = scheduler.takeExpired(hop, now: now, received: received) {
            expired(grant(assignment, to: 0), hop.lastFailure ?? Reply(451, "4.4.1", "the next hop cannot be reached"))
        }
        watchExpiry(hop)
        if hop.mayHaveExpiredInStore, hop.known.count < scheduler.bounds.perHop / 2 { readExpired(hop) }
    }

    /// Looks for messages that have become too old in the store, behind the window of a hop that is left alone: its timer knows
    /// only those in memory.
    func sweepExpired() {
        after(expirySweep) { [weak self] in
            guard let self else { return }
            readExpired(scheduler.hops.values.filter { $0.pausedUntil != nil && $0.hasMoreInStore }[...]) { [weak self] in
                self?.sweepExpired()
            }
        }
    }

    /// One hop after the other: ten thousand dead ones do not keep the reader from the living.
    private func readExpired(_ hops: ArraySlice<HopQueue>, completion: @escaping () -> Void) {
        guard let hop = hops.first else { return completion() }
        readExpired(hop) { [weak self] in self?.readExpired(hops.dropFirst(), completion: completion) }
    }

    private func readExpired(_ hop: HopQueue, completion: @escaping () -> Void = {}) {
        let now = self.now()
        let steps = stepClock.count
        hop.mayHaveExpiredInStore = false
        guard stepsUnderWay == 0, let limit = scheduler.beginReadingExpired(hop) else { return completion() }
        store.expired(route: hop.route, receivedBefore: now + (.zero - hop.limits.retry.expiration), now: now, limit: limit)
            .assumeIsolated().whenComplete { [weak self] result in
                guard let self else { return }
                switch result {
                // Read by another clock.
                case .success where steps != stepClock.count: scheduler.refillFailed(hop)
                case .success(let rows):
                    // These are never all that the store has.
                    scheduler.refill(hop, with: rows, limit: 0)
                    hop.mayHaveExpiredInStore = rows.count >= limit
                    expire(hop)
                case .failure(let error):
                    scheduler.refillFailed(hop)
                    report(.readFailed("\(error)"))
                }
                dispatch()
                completion()
            }
    }

    /// Leaves no next hop of a connector alone any longer: what waits for it may have another way, or is to be tried.
    public func resumeNextHops(of connector: String) {
        for hop in scheduler.hops.values where hop.route.connector == connector && hop.pausedUntil != nil { scheduler.resume(hop) }
        dispatch()
    }

    /// Next hops that could not be reached, and until when they are left alone.
    public var pausedRoutes: [Route: Timestamp] { scheduler.hops.compactMapValues(\.pausedUntil) }

    /// The same, with what is known of them.
    public var unreachableHops: [UnreachableHop] { scheduler.hops.values.compactMap(\.trouble) }

    /// Keeps for the next start of the core that a next hop is out of reach.
    public func remember(_ hop: UnreachableHop) { store.submit(.unreachable(hop)) { [weak self] in self?.noteStore($0) } }

    /// Next hops that were out of reach when an earlier start ended: they are left alone until then, and their ladder goes on. Before `start`.
    public func restore(_ known: [UnreachableHop]) {
        let now = self.now()
        for known in known {
            if let hop = scheduler.restore(known, isOver: known.until <= now) { leaveAlone(hop, until: known.until) }
        }
    }
}

extension HopQueue {
    /// nil where it is not left alone.
    fileprivate var trouble: UnreachableHop? {
        guard let pausedUntil else { return nil }
        return UnreachableHop(
            route: route, since: failingSince ?? pausedUntil, until: pausedUntil, failures: max(1, failures),
            lastError: lastFailure.map { "\($0)" } ?? "the next hop cannot be reached")
    }
}
