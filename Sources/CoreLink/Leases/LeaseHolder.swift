import MailVocabulary
import NIOCore

/// A process's end of the lease protocol: keeps connections to the core on which it waits for work, and sees to it that the core
/// hears of every outcome, also over a restart of the core.
///
/// Confined to one event loop. Its first connection says what is still held (`present`) before any work is asked for; renewals go
/// over it, and outcomes of leases whose own connection broke. While that connection is down nothing is asked for: the core takes its
/// end for the end of the process, and forgets who waits.
public final class LeaseHolder<Role: LinkRole> where Role.Request == LeaseRequest, Role.Response == LeaseResponse {
    public typealias Session = LeaseSession<Role>

    public struct Settings: Sendable {
        public var address: LinkAddress
        public var holder: UInt64
        public var revision: String
        /// Sessions that wait for work at any time, as long as there may be more.
        public var parked = 2
        /// Sessions that may go on to wait after their work is done; more than these end.
        public var mostParked = 50
        /// Sessions at most.
        public let maximum: Int
        /// Outcomes that the core has not recorded; beyond these nothing is asked for. A core that cannot write must not gather
        /// deliveries that it would repeat after a crash.
        public let maximumUnrecorded = LeaseRequest.maximumUnrecorded
        /// How long until the next renewal.
        var renewal = LeaseTiming.standard.renewal

        /// - Parameter maximum: at most 1,400 count, so that what is held fits into one frame (`Frame.maximumPresentation`), and the core
        ///   takes it (`LeaseRequest.maximumPresented`).
        public init(to address: LinkAddress, holder: UInt64, revision: String, maximum: Int = 1000) {
            (self.address, self.holder, self.revision, self.maximum) = (
                address, holder, revision, min(maximum, LeaseRequest.maximumPresented - LeaseRequest.maximumUnrecorded)
            )
        }
    }

    public let eventLoop: any EventLoop
    public private(set) var isDraining = false
    public var settings: Settings
    /// Called with work; the worker calls `finish` on the session, once.
    let onWork: (Session, LeasedWork, Session.Content) -> Void
    /// The session lets go of its attachment, because nothing more is due for the next hop, or it ends: the connection there is to
    /// be closed.
    let onIdle: (Session) -> Void
    /// The lease that the session works on belongs to somebody else now: stop unless it is too late; no outcome counts.
    let onRevoked: (Session) -> Void
    private let log: (String) -> Void

    private var main: LinkClient<Role>?
    /// What the first connection has presented, until it is answered.
    private var presented: Set<LeaseID> = []
    private var isReady = false
    private var isConnecting = false
    private var isHoldingOff = false
    private var backoff = Duration.milliseconds(50)
    private var saidUnreachable: NIODeadline?
    private var sessions: [ObjectIdentifier: Session] = [:]
    private(set) var parkedCount = 0
    private(set) var heldCount = 0
    /// Outcomes that the core has not recorded yet.
    private var unrecorded: [LeaseID: (held: HeldLease, outcomes: [RecipientOutcome], reached: Bool)] = [:]
    private var drained: [() -> Void] = []
    private var hasStarted = false
    private var hasFinished = false

    public init(
        settings: Settings, on eventLoop: any EventLoop, log: @escaping (String) -> Void,
        onWork: @escaping (Session, LeasedWork, Session.Content) -> Void, onIdle: @escaping (Session) -> Void,
        onRevoked: @escaping (Session) -> Void
    ) {
        (self.settings, self.eventLoop, self.log) = (settings, eventLoop, log)
        (self.onWork, self.onIdle, self.onRevoked) = (onWork, onIdle, onRevoked)
    }

    /// Called when the core runs with another revision of the configuration than this process.
    public var onRevisionDiffers: (String) -> Void = { _ in }
    /// What the core has said last of the configuration that it runs with.
    public private(set) var coreRevision: String?
    /// What the first connection says behind `present`; nil says nothing.
    public var report: () -> DaemonReport? = { nil }

    /// Tells the core of it now. Where no first connection stands, the next one begins with it.
    public func sayReport() {
        guard let main, let report = report() else { return }
        main.connection.send(.report(report))
        main.connection.flush()
    }

    var sessionCount: Int { sessions.count }
    var unrecordedCount: Int { unrecorded.count }

    public func start() {
        guard !hasStarted else { return }
        hasStarted = true
        connectMain()
        renew()
    }

    /// Asks for no more work; the completion is called when everything at hand is done and recorded.
    public func drain(_ completion: @escaping () -> Void) {
        if hasFinished { return completion() }
        isDraining = true
        drained.append(completion)
        for session in sessions.values { session.drain() }
        finishDraining()
    }

    // MARK: The first connection

    private func connectMain() {
        guard main == nil, !isConnecting, !hasFinished else { return }
        isConnecting = true
        LinkClient<Role>.connect(to: settings.address, holder: settings.holder, revision: settings.revision, on: eventLoop) {
            [weak self] result in
            guard let self, !hasFinished else {
                if case .success(let client) = result { client.connection.close() }
                return
            }
            isConnecting = false
            switch result {
            case .success(let client):
                main = client
                client.connection.onMessage = { [weak self] in self?.receivedOnMain($0) }
                client.connection.onClosed = { [weak self] error in self?.mainLost(error) }
                coreRevision = client.coreRevision
                if client.coreRevision != settings.revision { onRevisionDiffers(client.coreRevision) }
                present(to: client)
            case .failure(let error):
                sayUnreachable(error)
                retryMain()
            }
        }
    }

    private func present(to client: LinkClient<Role>) {
        var held = sessions.values.compactMap(\.held)
        presented = Set(held.map(\.lease))
        held += unrecorded.values.map(\.held).filter { !presented.contains($0.lease) }
        client.connection.send(.present(held))
        client.connection.flush()
        sayReport()
    }

    private func mainLost(_ error: LinkError) {
        main = nil
        isReady = false
        presented = []
        // The core has forgotten that they wait. What they said and is not recorded is said again over the next first connection.
        for session in sessions.values where session.held == nil { session.end() }
        log("the connection to the core ended: \(error); next attempt in \(backoff)")
        retryMain()
    }

    /// The first seconds are ordinary: the core restarts, or starts after this process. Later, a line a minute says enough.
    private func sayUnreachable(_ error: LinkError) {
        guard backoff >= .seconds(1), saidUnreachable.map({ $0 + .minutes(1) <= eventLoop.now }) ?? true else { return }
        saidUnreachable = eventLoop.now
        log("the core cannot be reached: \(error)")
    }

    private func retryMain() {
        let delay = backoff
        backoff = min(backoff * 2, .seconds(1))
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in self?.connectMain() }
    }

    private func receivedOnMain(_ response: LeaseResponse) {
        switch response {
        case .confirmed(let leases):
            backoff = .milliseconds(50)
            saidUnreachable = nil
            let lost = presented.subtracting(leases)
            presented = []
            for session in sessions.values {
                if let held = session.held, lost.contains(held.lease) { session.revoked() }
            }
            isReady = true
            isHoldingOff = false
            // Also those that were not confirmed: what is final counts whoever has the lease now.
            for lease in Array(unrecorded.keys) { deliverRemembered(lease) }
            fill()
        case .recorded(let lease): recorded(lease)
        case .reconfigured(let revision):
            coreRevision = revision
            onRevisionDiffers(revision)
        default:
            log("core: unexpected answer")
            main?.connection.close()
        }
    }

    private func renew() {
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(settings.renewal)) { [weak self] in
            guard let self, !hasFinished else { return }
            if heldCount > 0, isReady {
                main?.connection.send(.renew(sessions.values.compactMap { $0.held?.lease }))
                main?.connection.flush()
            }
            renew()
        }
    }

    // MARK: Sessions

    /// Whether a session may ask for work.
    var mayAsk: Bool { isReady && !isDraining && unrecorded.count < settings.maximumUnrecorded }

    /// Whether one more session may wait for work that has done its own.
    var keepsParked: Bool { parkedCount < settings.mostParked }

    /// Opens sessions until enough of them wait for work.
    func fill() {
        while mayAsk, !isHoldingOff, parkedCount < settings.parked, sessions.count < settings.maximum {
            let session = Session(holder: self)
            sessions[ObjectIdentifier(session)] = session
            parkedCount += 1
            LinkClient<Role>.connect(to: settings.address, holder: settings.holder, revision: settings.revision, on: eventLoop) {
                [weak self, weak session] result in
                switch result {
                case .success(let client):
                    // It may have been ended meanwhile; nobody would ever close the connection then.
                    guard let self, let session, session.isConnecting else { return client.connection.close() }
                    if mayAsk {
                        session.begin(client)
                    } else {
                        client.connection.close()
                        session.end()
                    }
                case .failure(let error):
                    self?.noteFailedSession(error)
                    self?.holdOff()
                    session?.end()
                }
            }
        }
    }

    /// Where the first connection stands, and another does not come about; otherwise that one says it.
    private func noteFailedSession(_ error: LinkError) {
        if isReady { log("core: \(error)") }
    }

    func changed(from old: Session.State.Kind, to new: Session.State.Kind) {
        if old == .parked { parkedCount -= 1 }
        if new == .parked { parkedCount += 1 }
        if old == .holding { heldCount -= 1 }
        if new == .holding { heldCount += 1 }
    }

    func ended(_ session: Session) {
        sessions[ObjectIdentifier(session)] = nil
        if isDraining { finishDraining() } else { fill() }
    }

    /// A session's connection broke: the core restarts, or has closed it.
    func connectionLost() { holdOff() }

    /// Opens no session for a moment: what just failed would fail again.
    private func holdOff() {
        guard !isHoldingOff else { return }
        isHoldingOff = true
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(200)) { [weak self] in
            self?.isHoldingOff = false
            self?.fill()
        }
    }

    // MARK: Outcomes

    func remember(_ held: HeldLease, _ outcomes: [RecipientOutcome], reached: Bool) { unrecorded[held.lease] = (held, outcomes, reached) }

    func recorded(_ lease: LeaseID) {
        guard unrecorded.removeValue(forKey: lease) != nil else { return }
        if isDraining { finishDraining() } else { fill() }
    }

    /// Says a remembered outcome.
    func say(_ lease: LeaseID, on connection: LinkClient<Role>.Connection) {
        guard let (held, outcomes, reached) = unrecorded[lease] else { return }
        connection.send(.outcome(held, outcomes, reached: reached))
    }

    /// Says an outcome over the first connection, if it stands; otherwise it is said when it stands again.
    func deliverRemembered(_ lease: LeaseID) {
        guard isReady, let main else { return }
        say(lease, on: main.connection)
        main.connection.flush()
    }

    private func finishDraining() {
        guard unrecorded.isEmpty, heldCount == 0, !hasFinished else { return }
        hasFinished = true
        isReady = false
        for session in sessions.values { session.end() }
        if let main {
            self.main = nil
            main.connection.onClosed = { _ in }
            main.connection.send(.farewell)
            main.connection.close()
        }
        let completions = drained
        drained = []
        for completion in completions { completion() }
    }
}
