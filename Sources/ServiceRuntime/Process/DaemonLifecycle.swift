import Glibc
import Logging
import NIOCore
import Synchronization

/// The life of a daemon between its start and its end: it runs until SIGTERM, SIGINT or the loss of its supervisor, reloads on SIGHUP, and
/// drains in bounded time. `postern up` or a service manager hears of each step.
///
/// ```swift
/// let lifecycle = DaemonLifecycle(logger: logger)
/// let service = try await EdgeServer.start(…)
/// lifecycle.onReload { await service.reload() }
/// lifecycle.ready()
/// exit(await lifecycle.run { await service.drain() }.rawValue)
/// ```
public final class DaemonLifecycle: Sendable {
    /// Why a daemon ends.
    public enum EndCause: Hashable, Sendable, CustomStringConvertible {
        case signal(ProcessSignal)
        case supervisorGone
        /// The service itself asked for it: ``end(_:)``.
        case own(String)

        public var description: String {
            switch self {
            case .signal(.terminate): "SIGTERM"
            case .signal(.interrupt): "SIGINT"
            case .signal(.reload): "SIGHUP"
            case .supervisorGone: "the supervisor is gone"
            case .own(let reason): reason
            }
        }
    }

    private struct State {
        var cause: EndCause?
        var waiting: CheckedContinuation<EndCause, Never>?
        var signals: SignalSource?
        var supervisor: SupervisorWatch?
        var reload: (@Sendable () async -> Void)?
        /// Somebody asked for a reload before there was one.
        var owesReload = false
        /// What the service manager was told with "ready"; nil before that.
        var readiness: Readiness?
    }

    private struct Readiness {
        let status: String?
    }

    /// The time that is left after a second SIGTERM or SIGINT.
    public static let hastenedLimit = Duration.seconds(1)

    private let state = Mutex(State())
    private let drain = Drain()
    private let reloads: AsyncStream<Void>.Continuation
    private let logger: Logger
    private let manager: ServiceNotification?
    private let watchdog: Watchdog?

    /// Takes over the signals, the supervisor's descriptor and the way to the service manager. Early in `main`, and once: a SIGTERM before it ends the process at once.
    public init(logger: Logger) {
        self.logger = logger
        let (manager, interval) = (ServiceNotification.fromEnvironment(), Watchdog.intervalFromEnvironment())
        self.manager = manager
        watchdog = manager.flatMap { manager in
            interval.map { Watchdog(interval: $0, logger: logger) { manager.alive() } }
        }
        let requests: AsyncStream<Void>
        (requests, reloads) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let signals = SignalSource { [weak self] in self?.receive($0) }
        let supervisor = SupervisorWatch.fromEnvironment { [weak self] in self?.end(.supervisorGone) }
        state.withLock {
            $0.signals = signals
            $0.supervisor = supervisor
        }
        // One reload after the other: two at once could leave the older file in force.
        Task { [weak self] in
            for await _ in requests {
                guard let self else { continue }
                let reload = state.withLock { state in
                    if state.reload == nil { state.owesReload = true }
                    return state.reload
                }
                guard let reload else { continue }
                // "Ready" again, once the daemon has been: not before.
                let wasReady = state.withLock { $0.readiness != nil }
                if wasReady { manager?.reloading() }
                await reload()
                if wasReady, let readiness = state.withLock({ $0.readiness }) { manager?.ready(status: readiness.status) }
            }
        }
        if EarlyReload.wasAsked { requestReload() }
    }

    deinit { reloads.finish() }

    /// What SIGHUP does. One that came before this is set is done then.
    public func onReload(_ reload: @escaping @Sendable () async -> Void) {
        let isOwed = state.withLock { state in
            defer { state.owesReload = false }
            state.reload = reload
            return state.owesReload
        }
        if isOwed { requestReload() }
    }

    /// Asks for a reload as SIGHUP does. Requests that come while one is under way are one more reload.
    public func requestReload() { reloads.yield() }

    /// Tells the supervisor or the service manager, where there is one, that this daemon does its work from now on.
    ///
    /// - Parameter status: a line for `systemctl status`.
    public func ready(status: String? = nil) {
        let supervisor = state.withLock { state in
            state.readiness = Readiness(status: status)
            return state.supervisor
        }
        supervisor?.say(.ready)
        manager?.ready(status: status)
        watchdog?.start()
    }

    /// Has the service manager show another line from the end of this reload on. Within a reload; before ``ready(status:)`` it does nothing.
    public func describe(_ status: String) {
        state.withLock { if $0.readiness != nil { $0.readiness = Readiness(status: status) } }
    }

    /// Whether `postern up` has started this daemon.
    public var isSupervised: Bool { state.withLock { $0.supervisor != nil } }

    /// Tells the supervisor, where there is one, that no other system runs in the directories of this one: the other daemons may start.
    public func holdsDirectories() { state.withLock { $0.supervisor }?.say(.holds) }

    /// Tells the supervisor, where there is one, that the core runs with this revision of the configuration.
    public func accepted(revision: String) { state.withLock { $0.supervisor }?.say(.runs(revision: revision)) }

    /// Has the service manager's watchdog, where there is one, ask a part of the daemon whether it is alive. Before ``ready(status:)``.
    ///
    /// - Parameters:
    ///   - name: for the log.
    ///   - check: calls back from what must not hang.
    public func watch(_ name: String, _ check: @escaping @Sendable (_ answer: @escaping @Sendable () -> Void) -> Void) {
        watchdog?.add(name, check)
    }

    /// The same for an event loop.
    public func watch(_ eventLoop: any EventLoop) { watch("the event loop") { answer in eventLoop.execute(answer) } }

    /// Ends the daemon as SIGTERM does. The first cause counts.
    public func end(_ cause: EndCause) {
        let waiting = state.withLock { state -> CheckedContinuation<EndCause, Never>? in
            guard state.cause == nil else { return nil }
            state.cause = cause
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: cause)
    }

    /// Waits for the end, then drains.
    ///
    /// - Parameters:
    ///   - limit: the time that `work` has; nil: ``Drain/defaultLimit``, or ``Drain/supervisedLimit`` under `postern up`.
    ///   - work: stops taking new work, and returns when what was under way is finished.
    /// - Returns: what the process ends with; `success` also where time ran out, because the end was asked for.
    public func run(limit: Duration? = nil, draining work: @escaping @Sendable () async -> Void) async -> ExitStatus {
        let cause = await withCheckedContinuation { continuation in
            let decided = state.withLock { state in
                if state.cause == nil { state.waiting = continuation }
                return state.cause
            }
            if let decided { continuation.resume(returning: decided) }
        }
        manager?.stopping()
        let limit = limit ?? (state.withLock { $0.supervisor } == nil ? Drain.defaultLimit : Drain.supervisedLimit)
        logger.info("draining", metadata: ["cause": "\(cause)", "limit": "\(limit)"])
        switch await drain.run(limit: limit, work) {
        case .finished: logger.info("stopped")
        case .outOfTime: logger.warning("stopped before everything was finished: time ran out")
        }
        return .success
    }

    private func receive(_ signal: ProcessSignal) {
        switch signal {
        case .reload:
            requestReload()
        case .interrupt, .terminate:
            if state.withLock({ $0.cause }) == nil {
                end(.signal(signal))
            } else {
                drain.shorten(to: Self.hastenedLimit)
            }
        }
    }
}
