import DequeModule
import MailVocabulary
import NIOCore

/// The durable queue: takes messages, gives out leases on due work, records what became of it.
///
/// Confined to one event loop. Nothing here polls: work is given out the moment it is durable and a holder waits for it, and one
/// timer stands for the earliest recipient that was deferred.
public final class MessageQueue {
    /// Told on the event loop of what an operator should know.
    public enum Event {
        case storeFailed(StoreError)
        case storeRecovered
        case leaseExpired(LeaseID, QueueID)
        case readFailed(String)
        /// There are more next hops with mail than are held in memory; those that could not be reached wait longer.
        case manyNextHops(Int)
    }

    private let store: any QueueStore
    private let eventLoop: any EventLoop
    private let clock: () -> Timestamp
    private let report: (Event) -> Void
    private let expired: (LeaseGrant, Reply) -> Void
    private let scheduler: WorkScheduler
    private let limits: (Route) -> RoutePolicy
    private let epoch: UInt32
    private var leases: [LeaseID: Lease] = [:]
    private var leaseNumber: UInt32 = 0
    private var lastID: Int64
    /// Holders that wait for any work.
    private var waiters: [Carrier: Deque<Waiter>] = [:]
    /// Holders that keep a connection to a route open, and wait for more work for it.
    private var parked: [Route: Deque<Waiter>] = [:]
    /// Nothing is leased before the holders of the last run had their chance to say what they still work on.
    private var isOpenForLeases = false
    private var awaitedHolders: Set<UInt64>
    private var isClosing = false
    private var hopCursor: HopID?
    private var isReadingHops = false
    private var hopScan: Scheduled<Void>?
    private var hasSaidManyHops = false
    private var isDispatching = false
    private var mustDispatch = false
    private var deferredScannedUntil: Timestamp
    private var deferredTimer: (at: Timestamp, timer: Scheduled<Void>)?
    private var storeIsFailing = false

    private struct Waiter {
        let holder: UInt64
        let token: UInt64
        /// nil: there is none for the route.
        let grant: (LeaseGrant?) -> Void
        var expiry: Scheduled<Void>?
    }

    /// - Parameters:
    ///   - epoch: this start of the core (`QueueDatabase.nextEpoch`).
    ///   - largestID: of any message in the store.
    ///   - holders: processes that may still hold leases of the last run.
    ///   - limits: what the configuration says of a route.
    ///   - expired: called with work that is to be given up untried, and the last word on its next hop; settles it.
    public init(
        store: any QueueStore, on eventLoop: any EventLoop, epoch: UInt32, largestID: Int64, holders: [HolderRecord],
        limits: @escaping (Route) -> RoutePolicy, clock: @escaping () -> Timestamp = Timestamp.now, report: @escaping (Event) -> Void,
        expired: @escaping (LeaseGrant, Reply) -> Void = { _, _ in }
    ) {
        (self.store, self.eventLoop, self.epoch, self.clock, self.report) = (store, eventLoop, epoch, clock, report)
        self.expired = expired
        lastID = max(largestID, clock().microseconds)
        awaitedHolders = Set(holders.map(\.id))
        self.limits = limits
        scheduler = WorkScheduler(firstID: QueueID(value: lastID), limits: limits)
        deferredScannedUntil = clock()
    }

    /// Begins: reads which next hops have work, waits for the holders of the last run, then gives out leases.
    public func start() {
        readHops()
        scanDeferred()
        sweepLeases()
        if awaitedHolders.isEmpty {
            openForLeases()
        } else {
            after(Self.presentation) { [weak self] in self?.openForLeases() }
        }
    }

    /// How long a restarted core waits for the holders it knew.
    public static let presentation = Duration.seconds(5)
    /// A lease without renewal for so long is its holder's no more.
    public static let leaseLifetime = Duration.seconds(120)

    /// An id for a message that begins now.
    public func nextID() -> QueueID {
        lastID = max(lastID + 1, clock().microseconds)
        return QueueID(value: lastID)
    }

    // MARK: Messages come in

    /// Makes a message durable. When the completion is called with success, it is on stable storage (law 1).
    public func enqueue(_ message: QueuedMessage, completion: @escaping (Result<Void, StoreError>) -> Void) {
        store.submit(.enqueue(message)) { [weak self] result in
            // The answer first: a sender waits for it.
            completion(result)
            guard let self else { return }
            noteStore(result)
            if case .success = result {
                scheduler.add(message)
                if scheduler.hasPausedHops { watchExpiry(of: message) }
                dispatch()
            }
        }
    }

    // MARK: Leases

    /// Asks for work of any route; `grant` is called once, at once or when there is any.
    ///
    /// - Parameter token: names the request for `cancelWaiting`.
    public func awaitLease(_ carrier: Carrier, holder: UInt64, token: UInt64, grant: @escaping (LeaseGrant?) -> Void) {
        waiters[carrier, default: []].append(Waiter(holder: holder, token: token, grant: grant))
        dispatch()
    }

    /// Asks for work of the route that the holder has a connection to. `grant` is called once: at once, or when there is any, or with
    /// nil after `reuse`, or where the limits have no room for a connection that waits.
    public func awaitMore(holder: UInt64, token: UInt64, route: Route, grant: @escaping (LeaseGrant?) -> Void) {
        guard isOpenForLeases, !isClosing else { return grant(nil) }
        if let assignment = scheduler.take(route: route) {
            grant(self.grant(assignment, to: holder))
            refill()
        } else if scheduler.park(route) {
            var waiter = Waiter(holder: holder, token: token, grant: grant)
            waiter.expiry = after(Self.reuse) { [weak self] in self?.unpark(route, token: token) }
            parked[route, default: []].append(waiter)
        } else {
            grant(nil)
        }
    }

    /// How long a connection to a next hop is kept open for more.
    public static let reuse = Duration.seconds(2)

    /// The holder that asked is gone.
    public func cancelWaiting(_ carrier: Carrier, token: UInt64) {
        waiters[carrier]?.removeAll { $0.token == token }
        for (route, line) in parked where line.contains(where: { $0.token == token }) { unpark(route, token: token) }
    }

    private func unpark(_ route: Route, token: UInt64) {
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

    /// Ends a lease: records what became of its recipients, and the reports that follow from it, in one transaction. Recipients
    /// without a settlement are due again at once.
    ///
    /// The completion is called when it is durable. Where the store fails it is tried again until it is: the recipients stay out of
    /// reach meanwhile, so nothing is delivered twice for want of disk space.
    ///
    /// - Parameter contact: whether the next hop answered at all. One that did not is left alone until the retry schedule says so,
    ///   whatever else waits for it, and is then asked by one connection first.
    public func settle(
        _ id: LeaseID, _ settlements: [Settlement], reports: [QueuedMessage] = [], contact: HopContact = .reached,
        completion: @escaping () -> Void
    ) {
        guard let lease = leases.removeValue(forKey: id) else { return completion() }
        let entry = lease.entry
        switch contact {
        case .reached: scheduler.reached(entry.hop)
        case .notReached(let reply): pause(entry.hop, reply)
        case .notTried: break
        }
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

    private func pause(_ hop: HopQueue, _ reply: Reply) {
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

    private func watchExpiry(of message: QueuedMessage) {
        for route in Set(message.recipients.map(\.route)) {
            if let hop = scheduler.hops[route] { watchExpiry(hop) }
        }
    }

    /// Looks again when the first message that waits for a hop that is left alone becomes too old.
    private func watchExpiry(_ hop: HopQueue) {
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
    private func expire(_ hop: HopQueue) {
        let now = clock()
        while let assignment = scheduler.takeExpired(hop, now: now) {
            expired(grant(assignment, to: 0), hop.lastFailure ?? Reply(451, "4.4.1", "the next hop cannot be reached"))
        }
        watchExpiry(hop)
    }

    /// Next hops that could not be reached, and until when they are left alone.
    public var pausedRoutes: [Route: Timestamp] { scheduler.hops.compactMapValues(\.pausedUntil) }

    /// The configuration has changed: limits are asked for anew.
    public func policiesChanged() {
        scheduler.policiesChanged()
        dispatch()
    }

    /// What the configuration says of a route now.
    public func policy(of route: Route) -> RoutePolicy { scheduler.hops[route]?.limits ?? limits(route) }

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

    private func record(_ message: QueueID, _ settlements: [Settlement], reports: [QueuedMessage], completion: @escaping () -> Void) {
        guard !settlements.isEmpty || !reports.isEmpty else { return completion() }
        store.submit(.settle(message, settlements, reports: reports)) { [weak self] result in
            guard let self else { return }
            noteStore(result)
            switch result {
            case .success:
                for report in reports { scheduler.add(report) }
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

    // MARK: Holders

    /// A process that may hold leases connects for the first time; durable before it gets any.
    public func remember(_ holder: HolderRecord, completion: @escaping () -> Void) {
        store.submit(.rememberHolder(holder)) { [weak self] result in
            guard let self else { return }
            noteStore(result)
            switch result {
            case .success, .failure(.closed): completion()
            // Without the record a restarted core would not wait for this holder, and give its work to another.
            case .failure: after(.seconds(1)) { [weak self] in self?.remember(holder, completion: completion) }
            }
        }
    }

    /// A process that held leases is gone, or said farewell.
    public func forget(holder: UInt64) {
        // First those who wait: what is released must not go to the one who is gone.
        for carrier in Carrier.allCases { waiters[carrier]?.removeAll { $0.holder == holder } }
        for (route, line) in parked {
            for waiter in line where waiter.holder == holder { unpark(route, token: waiter.token) }
        }
        for (id, lease) in leases where lease.holder == holder { release(id) }
        awaitedHolders.remove(holder)
        store.submit(.forgetHolder(holder)) { [weak self] in self?.noteStore($0) }
        if awaitedHolders.isEmpty { openForLeases() }
    }

    /// A lease that its holder still works on, from before a restart.
    public struct Presented {
        public let lease: LeaseID
        public let message: QueueID
        public let recipients: [UInt32]

        public init(lease: LeaseID, message: QueueID, recipients: [UInt32]) {
            (self.lease, self.message, self.recipients) = (lease, message, recipients)
        }
    }

    /// A holder says what it still works on.
    ///
    /// - Parameters:
    ///   - carrier: of the socket that it came in on; it holds no work of another.
    ///   - completion: called with those leases that are its own still, or again.
    public func present(_ presented: [Presented], holder: UInt64, carrier: Carrier, completion: @escaping ([LeaseID]) -> Void) {
        var confirmed: [LeaseID] = []
        var remaining = presented.count
        func finish() {
            awaitedHolders.remove(holder)
            if awaitedHolders.isEmpty { openForLeases() }
            completion(confirmed)
        }
        guard remaining > 0 else { return finish() }
        for item in presented {
            if isHeld(item.lease, by: holder) {
                confirmed.append(item.lease)
                remaining -= 1
                if remaining == 0 { finish() }
                continue
            }
            store.message(item.message).assumeIsolated().whenComplete { [self] result in
                if case .success(let message?) = result, adopt(item, message: message, holder: holder, carrier: carrier) {
                    confirmed.append(item.lease)
                }
                remaining -= 1
                if remaining == 0 { finish() }
            }
        }
    }

    private func adopt(_ item: Presented, message: StoredMessage, holder: UInt64, carrier: Carrier) -> Bool {
        let wanted = Set(item.recipients)
        let rows = message.recipients.filter { wanted.contains($0.index) }
        guard let route = rows.first?.route, route.carrier == carrier, leases[item.lease] == nil else { return false }
        let recipients = rows.filter { $0.route == route }.map {
            WorkEntry.Recipient(index: $0.index, attempts: $0.attempts, recipient: $0.recipient)
        }
        // Others of the same message and next hop may be out under other leases: a lease has at most a hundred.
        let others = leases.values.filter { $0.entry.message.id == item.message && $0.entry.hop.route == route }
        guard !others.contains(where: { $0.recipients.contains { wanted.contains($0.index) } }),
            let entry = scheduler.adopt(
                recipients, of: message.head, route: route, leased: others.reduce(0) { $0 + $1.recipients.count })
        else { return false }
        leases[item.lease] = Lease(entry: entry, recipients: recipients, holder: holder, renewedAt: eventLoop.now)
        return true
    }

    // MARK: What an operator sees

    public func entries(after: (QueueID, UInt32)?, limit: Int) -> EventLoopFuture<[QueueEntry]> {
        store.entries(after: after, limit: limit)
    }
    public func message(_ id: QueueID) -> EventLoopFuture<StoredMessage?> { store.message(id) }
    public func counts() -> EventLoopFuture<QueueCounts> { store.counts() }
    public var leaseCount: Int { leases.count }
    /// Recipients that are with a holder now.
    public func isLeased(_ message: QueueID, index: UInt32) -> Bool {
        leases.values.contains { $0.entry.message.id == message && $0.recipients.contains { $0.index == index } }
    }
    public var leasedRecipients: Set<LeasedKey> {
        Set(leases.values.flatMap { lease in lease.recipients.map { LeasedKey(message: lease.entry.message.id, index: $0.index) } })
    }

    public struct LeasedKey: Hashable, Sendable {
        public let message: QueueID
        public let index: UInt32
        public init(message: QueueID, index: UInt32) { (self.message, self.index) = (message, index) }
    }

    /// Gives out nothing more; what is leased may still be settled.
    public func stopLeasing() {
        isClosing = true
        for (route, line) in parked {
            for waiter in line { unpark(route, token: waiter.token) }
        }
    }

    // MARK: Work for those who wait

    private func openForLeases() {
        guard !isOpenForLeases else { return }
        isOpenForLeases = true
        // Those that did not come back in time are waited for no more, also after the next start.
        for holder in awaitedHolders { store.submit(.forgetHolder(holder)) { [weak self] in self?.noteStore($0) } }
        awaitedHolders = []
        dispatch()
    }

    /// Not entered again while it runs: whoever is given work may ask for more at once.
    private func dispatch() {
        mustDispatch = true
        guard !isDispatching else { return }
        isDispatching = true
        while mustDispatch {
            mustDispatch = false
            giveOut()
        }
        isDispatching = false
    }

    private func giveOut() {
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
    private func freeBlockedGroups() {
        for (route, line) in parked where scheduler.isBlocked(group: scheduler.hops[route]?.limits.group ?? "") {
            for waiter in line { unpark(route, token: waiter.token) }
        }
    }

    private func grant(_ assignment: WorkScheduler.Assignment, to holder: UInt64) -> LeaseGrant {
        leaseNumber &+= 1
        let id = LeaseID(epoch: epoch, number: leaseNumber)
        leases[id] = Lease(entry: assignment.entry, recipients: assignment.recipients, holder: holder, renewedAt: eventLoop.now)
        return LeaseGrant(id: id, entry: assignment.entry, recipients: assignment.recipients)
    }

    private func refill() {
        for (hop, limit) in scheduler.takeWanting() {
            store.due(route: hop.route, now: clock(), limit: limit, contentBudget: scheduler.contentBudget).assumeIsolated().whenComplete {
                [weak self] result in
                guard let self else { return }
                switch result {
                case .success(let rows):
                    scheduler.refill(hop, with: rows, limit: limit)
                    expire(hop)
                case .failure(let error):
                    scheduler.refillFailed(hop)
                    report(.readFailed("\(error)"))
                    let route = hop.route
                    after(.seconds(1)) { [weak self] in
                        self?.scheduler.mayHaveMore(route)
                        self?.refill()
                    }
                }
                dispatch()
            }
        }
        lookForHopsBeyondMemory()
    }

    /// At once where there is plenty of room; otherwise a page every half a minute, for which hops that are left alone make room.
    private func lookForHopsBeyondMemory() {
        guard scheduler.hasHopsBeyondMemory, hopScan == nil else { return }
        if scheduler.hops.count < scheduler.bounds.hops / 2 { return readHops() }
        if !hasSaidManyHops { report(.manyNextHops(scheduler.hops.count)) }
        hasSaidManyHops = true
        hopScan = after(Self.hopScanInterval) { [weak self] in
            self?.hopScan = nil
            self?.readHops()
        }
    }

    private static let hopScanInterval = Duration.seconds(30)

    /// Reads the next page of hops; each may have work.
    private func readHops() {
        guard !isReadingHops else { return }
        isReadingHops = true
        if hopCursor == nil { scheduler.willReadHops() }
        let limit = min(1000, scheduler.bounds.hops / 2)
        store.hops(after: hopCursor, limit: limit).assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            isReadingHops = false
            switch result {
            case .success(let hops):
                if let refused = hops.firstIndex(where: { !scheduler.mayHaveMore($0.route) }) {
                    // The next page begins with it.
                    if refused > 0 { hopCursor = hops[refused - 1].id }
                } else {
                    hopCursor = hops.count < limit ? nil : hops.last?.id
                }
                if hopCursor == nil, !scheduler.hasHopsBeyondMemory { hasSaidManyHops = false }
                dispatch()
                if hopCursor != nil, !scheduler.hasHopsBeyondMemory { readHops() }
            case .failure(let error):
                report(.readFailed("\(error)"))
                after(.seconds(1)) { [weak self] in self?.readHops() }
            }
        }
    }

    private func deferred(until time: Timestamp) {
        if time <= deferredScannedUntil { deferredScannedUntil = Timestamp(microseconds: time.microseconds - 1) }
        if deferredTimer.map({ time < $0.at }) ?? true { wakeForDeferred(at: time) }
    }

    private func wakeForDeferred(at time: Timestamp) {
        deferredTimer?.timer.cancel()
        let delay = max(.zero, time - clock())
        deferredTimer = (
            time,
            after(delay) { [weak self] in
                self?.deferredTimer = nil
                self?.scanDeferred()
            }
        )
    }

    private func scanDeferred() {
        let now = clock()
        let from = deferredScannedUntil
        deferredScannedUntil = max(now, from)
        store.deferredHops(after: from, until: now).assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let (hops, next)):
                for hop in hops { scheduler.mayHaveMore(hop.route) }
                if let next, deferredTimer.map({ next < $0.at }) ?? true { wakeForDeferred(at: next) }
                dispatch()
            case .failure(let error):
                report(.readFailed("\(error)"))
                deferredScannedUntil = min(deferredScannedUntil, from)
                after(.seconds(1)) { [weak self] in self?.scanDeferred() }
            }
        }
    }

    private func sweepLeases() {
        after(.seconds(10)) { [weak self] in
            guard let self else { return }
            let now = eventLoop.now
            for (id, lease) in leases where !lease.isSettling && lease.renewedAt + TimeAmount(Self.leaseLifetime) < now {
                report(.leaseExpired(id, lease.entry.message.id))
                release(id)
            }
            sweepLeases()
        }
    }

    private func noteStore(_ result: Result<Void, StoreError>) {
        switch result {
        // Closed by us: nothing an operator should know.
        case .failure(let error) where !storeIsFailing && error != .closed:
            storeIsFailing = true
            report(.storeFailed(error))
        case .success where storeIsFailing:
            storeIsFailing = false
            report(.storeRecovered)
        default: break
        }
    }

    @discardableResult
    private func after(_ delay: Duration, _ body: @escaping () -> Void) -> Scheduled<Void> {
        eventLoop.assumeIsolated().scheduleTask(in: .init(delay), body)
    }
}
