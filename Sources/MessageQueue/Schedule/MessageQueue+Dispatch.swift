import MailVocabulary
import NIOCore

/// Work for those who wait: given out as soon as it is durable, due and allowed.
extension MessageQueue {
    /// Not entered again while it runs: whoever is given work may ask for more at once.
    func dispatch() {
        mustDispatch = true
        guard !isDispatching else { return }
        isDispatching = true
        while mustDispatch {
            mustDispatch = false
            giveOut()
        }
        isDispatching = false
    }

    func giveOut() {
        if isOpenForLeases, !isClosing {
            for carrier in Carrier.allCases {
                while let assignment = scheduler.takeForParked(carrier) {
                    let route = assignment.entry.hop.route
                    guard let waiter = parked[route]?.popFirst() else {
                        preconditionFailure("the scheduler counts the parked connections that stand here")
                    }
                    if parked[route]?.isEmpty == true { parked[route] = nil }
                    waiter.expiry?.cancel()
                    waiter.grant(grant(assignment, to: waiter.holder))
                }
                while waiters[carrier]?.isEmpty == false, let assignment = scheduler.take(carrier),
                    let waiter = waiters[carrier]?.popFirst()
                {
                    waiter.grant(grant(assignment, to: waiter.holder))
                }
            }
        }
        freeBlockedGroups()
        refill()
    }

    /// Connections that wait give way to next hops of their group that have work and no room.
    func freeBlockedGroups() {
        for (route, line) in parked where scheduler.hops[route].map(scheduler.mustGiveWay) ?? false {
            for waiter in line { unpark(route, token: waiter.token) }
        }
    }

    func grant(_ assignment: WorkScheduler.Assignment, to holder: UInt64) -> LeaseGrant {
        leaseNumber &+= 1
        if leaseNumber == 0 { leaseNumbersCameRound = true }
        let id = LeaseID(epoch: epoch, number: leaseNumber)
        leases[id] = Lease(entry: assignment.entry, recipients: assignment.recipients, holder: holder, now: eventLoop.now)
        return LeaseGrant(id: id, entry: assignment.entry, recipients: assignment.recipients)
    }

    func refill() {
        let now = self.now()
        guard stepsUnderWay == 0 else { return }
        let steps = stepClock.count
        for (hop, limit) in scheduler.takeWanting() {
            store.due(route: hop.route, now: now, limit: limit, contentBudget: scheduler.contentBudget).assumeIsolated().whenComplete {
                [weak self] result in
                guard let self else { return }
                guard steps == stepClock.count else {
                    scheduler.refillFailed(hop)
                    scheduler.mayHaveMore(hop.route)
                    return dispatch()
                }
                switch result {
                case .success(let window):
                    scheduler.refill(hop, with: window.recipients, limit: limit)
                    hold(window.unreadable)
                    // Behind what cannot be read there may be more. Not at once: where it cannot be held either, that would have no end.
                    if window.looked >= limit, window.recipients.count < limit { readAgainLater(hop.route) }
                    expire(hop)
                case .failure(let error):
                    scheduler.refillFailed(hop)
                    report(.readFailed("\(error)"))
                    readAgainLater(hop.route)
                }
                dispatch()
            }
        }
        lookForHopsBeyondMemory()
    }

    private func readAgainLater(_ route: Route) {
        after(.seconds(1)) { [weak self] in
            self?.scheduler.mayHaveMore(route)
            self?.refill()
        }
    }
}
