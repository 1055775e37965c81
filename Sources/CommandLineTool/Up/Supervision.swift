import Glibc
import ServiceRuntime

/// What `postern up` does about its daemons: a state machine without processes and without a clock.
///
/// Moments are durations since the start of the supervision. The shell around it (``ProcessSupervisor``) turns actions into system calls.
struct Supervision {
    enum Timer: Hashable, Sendable {
        case restart(SupervisedDaemon)
        /// Daemons that are not ready by now are named in the banner.
        case announcement
        /// The daemons of this stage had their time: the next stage is told, too.
        case stopStage(Int)
        /// Whoever still runs is killed.
        case kill
    }

    enum Event: Hashable, Sendable {
        case start
        /// The core holds the directories: no other system runs in them, from which the others could take anything.
        case coreHolds
        case ready(SupervisedDaemon)
        case ended(SupervisedDaemon, DaemonEnding)
        case signal(ProcessSignal)
        case timer(Timer)
    }

    enum Action: Hashable, Sendable {
        case spawn(SupervisedDaemon)
        case signal(SupervisedDaemon, Int32)
        case schedule(Timer, after: Duration)
        /// Prints the banner, once.
        case announce(notReady: [SupervisedDaemon])
        case say(Notice)
        case finish(ExitStatus)
    }

    enum Notice: Hashable, Sendable {
        /// It runs again after `delay`.
        case restarting(SupervisedDaemon, DaemonEnding, lived: Duration, delay: Duration)
        case configurationRefused(SupervisedDaemon)
        /// It never did its work, and has said why not.
        case cannotStart(SupervisedDaemon)
        case stopping(ProcessSignal)
        case stopped
        case killing([SupervisedDaemon])
        case reloading
    }

    /// The time that the daemons of one stage have before the next stage is told.
    static let stageLimit = Duration.seconds(3)
    /// The time from the first SIGTERM to SIGKILL: container engines kill all after ten seconds.
    static let stopLimit = Duration.milliseconds(7500)
    /// The same after a second Ctrl-C.
    static let hastenedStopLimit = Duration.seconds(3)
    static let announcementLimit = Duration.seconds(5)

    private struct Child {
        var restarts = RestartPolicy()
        var startedAt: Duration?
        var wasReady = false

        var isRunning: Bool { startedAt != nil }
    }

    private struct Stop {
        var stage: Int
        var status: ExitStatus
        var requests = 1
    }

    private var children: [SupervisedDaemon: Child]
    private var stop: Stop?
    private var isAnnounced = false
    /// The others than the core have been started as well.
    private var isComplete = false

    init(daemons: [SupervisedDaemon]) {
        children = Dictionary(uniqueKeysWithValues: daemons.map { ($0, Child()) })
    }

    mutating func receive(_ event: Event, at now: Duration) -> [Action] {
        switch event {
        case .start:
            let first = children[.core] == nil ? startOthers(at: now) : [spawn(.core, at: now)]
            return first + [.schedule(.announcement, after: Self.announcementLimit)]
        case .coreHolds:
            return startOthers(at: now)
        case .ready(let daemon):
            children[daemon]?.wasReady = true
            return (daemon == .core ? startOthers(at: now) : []) + announceIfReady()
        case .ended(let daemon, let ending):
            return ended(daemon, ending, at: now)
        case .signal(.reload):
            guard stop == nil else { return [] }
            return [.say(.reloading)] + running.map { .signal($0, SIGHUP) }
        case .signal(let signal):
            return stop == nil ? [.say(.stopping(signal))] + beginStop(.success) : hastenStop()
        case .timer(let timer):
            return fired(timer, at: now)
        }
    }

    private mutating func fired(_ timer: Timer, at now: Duration) -> [Action] {
        switch timer {
        case .restart(let daemon):
            guard stop == nil, children[daemon]?.isRunning == false else { return [] }
            return [spawn(daemon, at: now)]
        case .announcement:
            guard stop == nil, !isAnnounced else { return [] }
            isAnnounced = true
            return [.announce(notReady: daemons.filter { children[$0]?.wasReady == false })]
        case .stopStage(let stage):
            guard let stop, stop.stage == stage else { return [] }
            return enterStage(stage + 1)
        case .kill:
            guard stop != nil, !running.isEmpty else { return [] }
            return [.say(.killing(running))] + running.map { .signal($0, SIGKILL) }
        }
    }

    private var daemons: [SupervisedDaemon] { SupervisedDaemon.allCases.filter { children[$0] != nil } }
    private var running: [SupervisedDaemon] { daemons.filter { children[$0]?.isRunning == true } }

    private mutating func spawn(_ daemon: SupervisedDaemon, at now: Duration) -> Action {
        children[daemon]?.startedAt = now
        return .spawn(daemon)
    }

    private mutating func startOthers(at now: Duration) -> [Action] {
        guard stop == nil, !isComplete else { return [] }
        isComplete = true
        return daemons.filter { $0 != .core }.map { spawn($0, at: now) }
    }

    private mutating func announceIfReady() -> [Action] {
        guard stop == nil, !isAnnounced, children.values.allSatisfy(\.wasReady) else { return [] }
        isAnnounced = true
        return [.announce(notReady: [])]
    }
}

// MARK: - Ends

extension Supervision {
    private mutating func ended(_ daemon: SupervisedDaemon, _ ending: DaemonEnding, at now: Duration) -> [Action] {
        guard let child = children[daemon], let startedAt = child.startedAt else { return [] }
        children[daemon]?.startedAt = nil
        if stop != nil { return continueStop() }
        // Neither becomes better by another start: whoever started this one is told.
        if !child.wasReady, let status = ending.refusal {
            return [.say(status == .configuration ? .configurationRefused(daemon) : .cannotStart(daemon))] + beginStop(status)
        }
        let delay = children[daemon]?.restarts.delay(startedAt: startedAt, diedAt: now) ?? .zero
        return [
            .say(.restarting(daemon, ending, lived: now - startedAt, delay: delay)), .schedule(.restart(daemon), after: delay),
        ]
    }

    private mutating func beginStop(_ status: ExitStatus) -> [Action] {
        stop = Stop(stage: 0, status: status)
        return [.schedule(.kill, after: Self.stopLimit)] + enterStage(0)
    }

    /// Tells the daemons of a stage to end; where none of them runs, those of the next one.
    private mutating func enterStage(_ first: Int) -> [Action] {
        var stage = first
        while stage < SupervisedDaemon.stopStages.count {
            stop?.stage = stage
            let told = SupervisedDaemon.stopStages[stage].filter { running.contains($0) }
            if !told.isEmpty { return told.map { .signal($0, SIGTERM) } + [.schedule(.stopStage(stage), after: Self.stageLimit)] }
            stage += 1
        }
        return finishIfStopped()
    }

    private mutating func continueStop() -> [Action] {
        guard let stop else { return [] }
        let finished = finishIfStopped()
        guard finished.isEmpty else { return finished }
        let isStageOver = SupervisedDaemon.stopStages[...stop.stage].joined().allSatisfy { !running.contains($0) }
        return isStageOver && stop.requests == 1 ? enterStage(stop.stage + 1) : []
    }

    private func finishIfStopped() -> [Action] {
        guard let stop, running.isEmpty else { return [] }
        return [.say(.stopped), .finish(stop.status)]
    }

    /// The second Ctrl-C tells all daemons at once and shortens their time; the third kills.
    private mutating func hastenStop() -> [Action] {
        guard var stop else { return [] }
        stop.requests += 1
        stop.stage = SupervisedDaemon.stopStages.count - 1
        self.stop = stop
        guard stop.requests == 2 else { return running.map { .signal($0, SIGKILL) } }
        return running.map { .signal($0, SIGTERM) } + [.schedule(.kill, after: Self.hastenedStopLimit)]
    }
}

extension Supervision.Notice {
    /// The notice as a sentence.
    var text: String {
        switch self {
        case .restarting(let daemon, let ending, let lived, let delay):
            "\(daemon.executableName) \(ending) after \(lived.secondsText); it is started again "
                + (delay == .zero ? "at once" : "in \(delay.secondsText)")
        case .configurationRefused(let daemon):
            "\(daemon.executableName) refuses the configuration: see its errors above; everything stops"
        case .cannotStart(let daemon):
            "\(daemon.executableName) cannot start: its reason is above; everything stops"
        case .stopping(let signal):
            signal == .interrupt ? "stopping (Ctrl-C)" : "stopping (SIGTERM)"
        case .stopped:
            "all daemons are stopped"
        case .killing(let daemons):
            "killing what did not end in time: " + daemons.map(\.executableName).joined(separator: ", ")
        case .reloading:
            "telling all daemons to read the configuration again"
        }
    }
}

extension Duration {
    /// `0.1 s`, `12.4 s`: tenths, rounded down.
    fileprivate var secondsText: String {
        let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
