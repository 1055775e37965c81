import DequeModule
import MailVocabulary
import NIOCore

/// Leases: who asks for work, who holds some, and how a holder's hold on it ends.
extension MessageQueue {
    /// Asks for work of any route; `grant` is called once, at once or when there is any.
    ///
    /// - Parameter token: names the request for `cancelWaiting`.
    public func awaitLease(_ carrier: Carrier, holder: UInt64, token: UInt64, grant: @escaping (LeaseGrant?) -> Void) {
        waiters[carrier, default: []].append(Waiter(holder: holder, token: token, grant: grant))
        dispatch()
    }

    /// Asks for work of the route that the holder has a connection to. `grant` is called once: at once, or when there is any, or with
    /// nil after `LeaseTiming.reuse`, or where the limits have no room for a connection that waits.
    public func awaitMore(holder: UInt64, token: UInt64, route: Route, grant: @escaping (LeaseGrant?) -> Void) {
        guard isOpenForLeases, !isClosing else { return grant(nil) }
        if let assignment = scheduler.take(route: route) {
            grant(self.grant(assignment, to: holder))
            refill()
        } else if scheduler.park(route) {
            var waiter = Waiter(holder: holder, token: token, grant: grant)
            waiter.expiry = after(timing.reuse) { [weak self] in self?.unpark(route, token: token) }
            parked[route, default: []].append(waiter)
        } else {
            grant(nil)
        }
    }

    /// The holder that asked is gone.
    public func cancelWaiting(_ carrier: Carrier, token: UInt64) {
        waiters[carrier]?.removeAll { $0.token == token }
        for (route, line) in parked where line.contains(where: { $0.token == token }) { unpark(route, token: token) }
    }

    func unpark(_ route: Route, token: UInt64) {
        guard let index = parked[route]?.firstIndex(where: { $0.token == token }), let waiter = parked[route]?.remove(at: index) else {
            return
        }
        if parked[route]?.isEmpty == true { parked[route] = nil }
        waiter.expiry?.cancel()
        scheduler.unpark(route)
        waiter.grant(nil)
    }

    public func renew(_ id: LeaseID) { leases[id]?.renewedAt = eventLoop.now }

    /// The holder's connection ended, or it gave the work back: what was not settled is due again at once, and counts as no attempt.
    public func release(_ id: LeaseID) {
        guard leases[id]?.isSettling == false, let lease = leases.removeValue(forKey: id) else { return }
        // Its holder may have done some of it, and say so yet.
        endedLeases.add(
            id, .init(holder: lease.holder, message: lease.entry.message.id, indices: lease.indices), lease.entry.hop.route.carrier)
        scheduler.giveBack(lease.recipients, to: lease.entry)
        scheduler.connectionEnded(lease.entry.hop)
        dispatch()
    }

    /// What was given out with a lease that still stands.
    public func grant(of id: LeaseID) -> LeaseGrant? {
        leases[id].map { LeaseGrant(id: id, entry: $0.entry, recipients: $0.recipients) }
    }

    /// The outcome of a lease is known, and `settle` follows. Until then the lease stands, whatever becomes of its holder.
    ///
    /// - Returns: what was given out; nil where the holder has no such lease, or its outcome is known already.
    public func beginSettling(_ id: LeaseID, holder: UInt64) -> LeaseGrant? {
        guard let lease = leases[id], lease.holder == holder, !lease.isSettling else { return nil }
        leases[id]?.isSettling = true
        return grant(of: id)
    }

    public func holder(of id: LeaseID) -> UInt64? { leases[id]?.holder }

    public func isHeld(_ id: LeaseID, by holder: UInt64) -> Bool { leases[id]?.holder == holder }

    /// Gives out nothing more; what is leased may still be settled.
    public func stopLeasing() {
        isClosing = true
        for (route, line) in parked {
            for waiter in line { unpark(route, token: waiter.token) }
        }
    }

    /// Takes back the leases whose holders have stopped to renew them, though their connections stand.
    func sweepLeases() {
        after(timing.sweep) { [weak self] in
            guard let self else { return }
            let now = eventLoop.now
            scheduler.passed(now: now)
            for (id, lease) in leases where !lease.isSettling && lease.renewedAt + TimeAmount(timing.lifetime) < now {
                report(.leaseExpired(id, lease.entry.message.id))
                release(id)
            }
            sweepLeases()
        }
    }
}
