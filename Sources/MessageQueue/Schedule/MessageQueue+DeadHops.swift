import MailVocabulary
import NIOCore

/// Next hops that cannot be reached: left alone as a whole (E07), while what waits for them still grows too old (E09).
extension MessageQueue {
    func pause(_ hop: HopQueue, _ reply: Reply) {
        let now = clock()
        hop.lastFailure = reply
        guard hop.pausedUntil == nil,
            let until = hop.limits.retry.nextAttempt(after: hop.failures + 1, receivedAt: now, now: now)
        else { return }
        scheduler.pause(hop, until: until)
        after(until - now) { [weak self] in
            guard let self, hop.pausedUntil == until else { return }
            scheduler.resume(hop)
            dispatch()
        }
        expire(hop)
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
        guard let until = hop.pausedUntil, let first = scheduler.firstExpiry(hop), first < until,
            hop.nextExpiryCheck.map({ first < $0 }) ?? true
        else { return }
        hop.nextExpiryCheck = first
        after(max(.zero, first - clock())) { [weak self] in
            guard hop.nextExpiryCheck == first else { return }
            hop.nextExpiryCheck = nil
            self?.expire(hop)
        }
    }

    /// Messages that wait for a next hop that is left alone are given up when they are as old as they may get (E09), though nobody
    /// tries them.
    func expire(_ hop: HopQueue) {
        let now = clock()
        while let assignment = scheduler.takeExpired(hop, now: now) {
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
        let now = clock()
        hop.mayHaveExpiredInStore = false
        guard let limit = scheduler.beginReadingExpired(hop) else { return completion() }
        store.expired(route: hop.route, receivedBefore: now + (.zero - hop.limits.retry.expiration), now: now, limit: limit)
            .assumeIsolated().whenComplete { [weak self] result in
                guard let self else { return }
                switch result {
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
}
