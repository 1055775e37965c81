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
        /// A message cannot be read at all; it is held, and tried again at that time.
        case unreadable(UnreadableMessage, until: Timestamp)
        /// The wall clock was set, so far: positive for forward.
        case clockWasSet(Duration)
        /// There are more next hops with mail than are held in memory; those that could not be reached wait longer.
        case manyNextHops(Int)
        /// A next hop could not be reached, for the first time or once more, and is left alone.
        case nextHopUnreachable(UnreachableHop)
    }

    let store: any QueueStore
    let eventLoop: any EventLoop
    let wallClock: () -> Timestamp
    let uptime: () -> Duration
    let report: (Event) -> Void
    let expired: (LeaseGrant, Reply) -> Void
    let scheduler: WorkScheduler
    let timing: LeaseTiming
    let expirySweep: Duration
    private let limits: (Route) -> RoutePolicy
    private var lastID: Int64
    private var storeIsFailing = false

    // Each group belongs to the extension that is named; all of them are here because stored properties must be.

    /// `MessageQueue+Leases.swift`.
    let epoch: UInt32
    var leaseNumber: UInt32 = 0
    /// Four thousand million leases were given out: every number has been.
    var leaseNumbersCameRound = false
    var leases: [LeaseID: Lease] = [:]
    /// Holders that wait for any work.
    var waiters: [Carrier: Deque<Waiter>] = [:]
    /// Holders that keep a connection to a route open, and wait for more work for it.
    var parked: [Route: Deque<Waiter>] = [:]
    var isClosing = false

    /// `MessageQueue+Holders.swift`: nothing is leased before the holders of the last run had their chance to say what they still work on.
    var isOpenForLeases = false
    var earlierHolders: EarlierHolders
    /// The roles of the holders that are here, by their ids.
    var holderRoles: [UInt64: Carrier] = [:]

    /// `MessageQueue+Claims.swift`.
    var endedLeases = EndedLeases()

    /// `MessageQueue+Dispatch.swift`.
    var isDispatching = false
    var mustDispatch = false

    /// `MessageQueue+HopScan.swift`.
    var hopScan = HopScan()

    /// `MessageQueue+ManyRoutes.swift`.
    var routesToLookAt = RoutesToLookAt()

    /// `MessageQueue+Damage.swift`: messages that cannot be read and could not be held, and when that is tried again.
    var unreadableUntil: [QueueID: Timestamp] = [:]

    /// `MessageQueue+Clock.swift`.
    var stepClock = StepClock()
    /// Steps whose times are still being moved in the store.
    var stepsUnderWay = 0

    /// `MessageQueue+Deferred.swift`.
    var deferredScannedUntil: Timestamp
    var deferredTimer: (at: Timestamp, timer: Scheduled<Void>)?

    /// - Parameters:
    ///   - epoch: this start of the core (`QueueDatabase.nextEpoch`).
    ///   - largestID: of any message in the store.
    ///   - holders: processes that may still hold leases of the last run.
    ///   - limits: what the configuration says of a route.
    ///   - timing: of leases; the holders go by the same.
    ///   - expirySweep: how late a message may be given up (E09) that waits for a dead next hop and is not in memory.
    ///   - clock: the wall clock.
    ///   - uptime: of a clock that is never set, by which steps of the wall clock are found out.
    ///   - expired: called with work that is to be given up untried, and the last word on its next hop; settles it.
    public init(
        store: any QueueStore, on eventLoop: any EventLoop, epoch: UInt32, largestID: Int64, holders: [HolderRecord],
        limits: @escaping (Route) -> RoutePolicy, timing: LeaseTiming = .standard, expirySweep: Duration = .seconds(30),
        clock: @escaping () -> Timestamp = Timestamp.now, uptime: @escaping () -> Duration = MachineUptime.now,
        report: @escaping (Event) -> Void,
        expired: @escaping (LeaseGrant, Reply) -> Void = { _, _ in }
    ) {
        (self.store, self.eventLoop, self.epoch, self.report) = (store, eventLoop, epoch, report)
        (wallClock, self.uptime) = (clock, uptime)
        (self.expired, self.timing, self.expirySweep) = (expired, timing, expirySweep)
        lastID = max(largestID, clock().microseconds)
        earlierHolders = EarlierHolders(holders)
        self.limits = limits
        scheduler = WorkScheduler(firstID: QueueID(value: lastID), limits: limits)
        deferredScannedUntil = clock()
        _ = now()
    }

    /// Begins: reads which next hops have work, waits for the holders of the last run, then gives out leases.
    public func start() {
        readHops()
        scanDeferred()
        sweepLeases()
        sweepExpired()
        watchClock()
        openIfNobodyIsAwaited()
        if !isOpenForLeases { after(timing.presentation) { [weak self] in self?.stopAwaiting() } }
    }

    /// Of the messages that have begun.
    var newestID: QueueID { QueueID(value: lastID) }

    /// An id for a message that begins now.
    public func nextID() -> QueueID {
        lastID = max(lastID + 1, now().microseconds)
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
                add(message)
                if scheduler.hasPausedHops { watchExpiry(of: message) }
                dispatch()
            }
        }
    }

    /// The configuration has changed: limits are asked for anew, and the next start of the core knows since when. Where that cannot be
    /// written, it finds another revision than its own, and takes everything for older.
    public func policiesChanged(revision: Int64, at time: Timestamp) {
        store.submit(.reconfigured(revision: revision, at: time)) { [weak self] in self?.noteStore($0) }
        scheduler.policiesChanged()
        dispatch()
    }

    /// What the configuration says of a route now.
    public func policy(of route: Route) -> RoutePolicy { scheduler.hops[route]?.limits ?? limits(route) }

    func noteStore(_ result: Result<Void, StoreError>) {
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
    func after(_ delay: Duration, _ body: @escaping () -> Void) -> Scheduled<Void> {
        eventLoop.assumeIsolated().scheduleTask(in: .init(delay), body)
    }
}
