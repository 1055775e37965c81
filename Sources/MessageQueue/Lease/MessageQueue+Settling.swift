import MailVocabulary
import NIOCore

/// Outcomes: what became of leased recipients is made durable before anybody forgets it.
extension MessageQueue {
    /// Ends a lease: records what became of its recipients, and the reports that follow from it, in one transaction. Recipients
    /// without a settlement are due again at once.
    ///
    /// The completion is called when it is durable. Where the store fails it is tried again until it is: the recipients stay out of
    /// reach meanwhile, so nothing is delivered twice for want of disk space.
    ///
    /// - Parameters:
    ///   - contact: whether the next hop answered at all. One that did not is left alone until the retry schedule says so,
    ///     whatever else waits for it, and is then asked by one connection first; where other connections to it are there, it gets no more
    ///     than those.
    ///   - answer: what it did with the work: how many connections it may have follows from that.
    public func settle(
        _ id: LeaseID, _ settlements: [Settlement], reports: [QueuedMessage] = [], contact: HopContact = .reached,
        answer: HopAnswer = .none, completion: @escaping () -> Void
    ) {
        guard let lease = leases.removeValue(forKey: id) else { return completion() }
        let entry = lease.entry
        switch contact {
        case .reached:
            if entry.hop.failures > 0 { store.submit(.reachable(entry.hop.route)) { [weak self] in self?.noteStore($0) } }
            scheduler.reached(entry.hop)
        case .notReached(let reply):
            let isAlone = scheduler.others(entry.hop) == 0
            scheduler.notReached(entry.hop)
            if isAlone { pause(entry.hop, reply) }
        case .notTried: break
        }
        scheduler.answered(entry.hop, answer, now: eventLoop.now, after: eventLoop.now - lease.begunAt)
        let settled = Set(settlements.map(\.index))
        let left = lease.recipients.filter { !settled.contains($0.index) }
        if !left.isEmpty { scheduler.giveBack(left, to: entry) }
        scheduler.connectionEnded(entry.hop)
        record(entry.message.id, settlements, reports: reports) { [weak self] in
            completion()
            guard let self else { return }
            scheduler.settled(lease.recipients.count - left.count, of: entry)
            if entry.hop.pausedUntil != nil { expire(entry.hop) }
            dispatch()
        }
    }

    /// Records outcomes of a lease that this core does not know (it expired, or was not presented in time): only what is final
    /// counts, since the recipients may be with somebody else by now. Those that still wait are given to nobody.
    public func settleLate(_ message: QueueID, finished: [UInt32], completion: @escaping () -> Void) {
        scheduler.withdraw(finished, of: message)
        record(message, finished.map { Settlement(index: $0, change: .finished) }, reports: []) { [weak self] in
            completion()
            guard let self else { return }
            scheduler.withdrawn(finished, of: message)
            dispatch()
        }
    }

    func record(_ message: QueueID, _ settlements: [Settlement], reports: [QueuedMessage], completion: @escaping () -> Void) {
        guard !settlements.isEmpty || !reports.isEmpty else { return completion() }
        store.submit(.settle(message, settlements, reports: reports)) { [weak self] result in
            guard let self else { return }
            noteStore(result)
            switch result {
            case .success:
                for report in reports { add(report) }
                for case .deferred(let nextAttempt, _, _) in settlements.map(\.change) { deferred(until: nextAttempt) }
                for case .rerouted(let route) in settlements.map(\.change) { scheduler.mayHaveMore(route) }
                completion()
            case .failure:
                after(.seconds(1)) { [weak self] in
                    self?.record(message, settlements, reports: reports, completion: completion)
                }
            }
        }
    }
}
