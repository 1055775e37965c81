import Dispatch
import Glibc
import Logging
import ServiceRuntime
import Synchronization
import Topology

/// Runs the daemons beside this executable in the foreground until it is told to stop: the shell around ``Supervision``.
///
/// Trusts its daemons with nothing: what one of them can do to it is end, or say "ready" once. Bounded: one process per daemon, one restart
/// at a time for each, two seconds apart at most; the end takes at most ``Supervision/stopLimit``.
struct ProcessSupervisor {
    /// The folder of the daemons' executables.
    let folder: String
    /// The configuration file, as the daemons get it.
    let configuration: String
    /// What they are started with.
    let accepted: AcceptedConfiguration
    /// Which daemons it runs.
    let daemons: [SupervisedDaemon]
    /// Whether the kernel holds each daemon to the bounds of its role.
    var sandbox = false
    let logger: Logger
    /// Called once, when all daemons are ready, or when some took too long.
    let announce: @Sendable (_ notReady: [SupervisedDaemon]) -> Void

    /// `postern up`: starts the daemons, prints the banner, and returns when everything has ended.
    ///
    /// Takes over this process's signals. Once per process.
    ///
    /// - Parameters:
    ///   - topology: what the file says; it was read and checked before.
    ///   - configuration: the file, by the name that the user gave.
    ///   - program: how the user called `postern`, for lines to paste.
    ///   - sandbox: whether the kernel holds each daemon to the bounds of its role.
    static func run(
        topology: Topology, configuration: String, program: String = CommandLine.arguments.first ?? "postern",
        sandbox: Bool = false
    ) async -> ExitStatus {
        var logger = Logger(label: "up") { _ in
            PosternLogHandler(
                process: "up", format: LogFormat(topology.logs.format), threshold: LogThreshold(Logger.Level(topology.logs.level)))
        }
        logger.logLevel = min(logger.logLevel, .notice)
        guard let folder = ownFolder() else {
            logger.critical("cannot find this executable's own folder: /proc/self/exe: \(String(cString: strerror(errno)))")
            return .osError
        }
        if let sentence = Isolation.sentence(
            of: SupervisedDaemon.needed(by: topology), runAs: topology.runAs, account: .current)
        {
            logger.notice("\(sentence)")
        }
        let isBannerLost = Atomic(false)
        let supervisor = ProcessSupervisor(
            folder: folder, configuration: configuration,
            accepted: AcceptedConfiguration(file: configuration, text: Array(topology.sourceText.utf8)),
            daemons: SupervisedDaemon.needed(by: topology), sandbox: sandbox, logger: logger
        ) { [logger] notReady in
            let banner = UpBanner(topology: topology, configuration: configuration, program: program, notReady: notReady)
            // Mail does not stop because nobody reads this.
            if let number = StandardOutput.tryToPrintPainted(banner.text(colour: Environment.isTerminal(STDOUT_FILENO))) {
                isBannerLost.store(true, ordering: .relaxed)
                logger.error("cannot write standard output", metadata: ["error": "\(SystemReason.text(ofErrorNumber: number))"])
            }
        }
        DaemonProcess.keepInheritedDescriptors()
        let (signals, continuation) = AsyncStream<ProcessSignal>.makeStream()
        let source = SignalSource { continuation.yield($0) }
        defer { source.cancel() }
        let status = await supervisor.run(signals: signals)
        return status == .success && isBannerLost.load(ordering: .relaxed) ? .inputOutput : status
    }

    /// Runs the daemons until the signals say stop.
    func run(signals: AsyncStream<ProcessSignal>) async -> ExitStatus {
        let missing = daemons.filter { access(path(of: $0), X_OK) != 0 }
        guard missing.isEmpty else {
            let names = missing.map(\.executableName).joined(separator: ", ")
            logger.critical("there is no executable \(names) in \(folder): `make build` builds all of them")
            return .osError
        }
        let (inputs, continuation) = AsyncStream<Input>.makeStream()
        let forwarding = Task {
            for await signal in signals { continuation.yield(.event(.signal(signal))) }
        }
        defer { forwarding.cancel() }
        continuation.yield(.event(.start))
        let looks = ForeignChildren.timer { continuation.yield(.look) }
        defer { looks?.cancel() }

        let clock = ContinuousClock()
        let beginning = clock.now
        var supervision = Supervision(daemons: daemons)
        var processes: [SupervisedDaemon: DaemonProcess] = [:]
        for await input in inputs {
            guard let event = event(of: input, processes: &processes) else { continue }
            for action in supervision.receive(event, at: clock.now - beginning) {
                if case .finish(let status) = action { return status }
                perform(action, processes: &processes, inputs: continuation)
            }
        }
        return .osError
    }

    private enum Input: Sendable {
        case event(Supervision.Event)
        case change(SupervisedDaemon, processID: Int32, DaemonProcess.Change)
        /// Time to look for children that are not ours.
        case look
    }

    /// What an input means to the supervision; nil where it concerns a process that was collected before.
    private func event(of input: Input, processes: inout [SupervisedDaemon: DaemonProcess]) -> Supervision.Event? {
        switch input {
        case .event(let event):
            return event
        case .look:
            // What ours have left behind, and what was started in this container by others.
            ForeignChildren.collect(keeping: Set(processes.values.map(\.processID)))
            return nil
        case .change(let daemon, let processID, let change):
            guard let process = processes[daemon], process.processID == processID else { return nil }
            switch change {
            case .ready:
                return .ready(daemon)
            case .holds:
                return daemon == .core ? .coreHolds : nil
            case .died:
                processes[daemon] = nil
                return .ended(daemon, process.collect())
            }
        }
    }

    private func command(of daemon: SupervisedDaemon) -> [String] {
        let plain = [path(of: daemon), "--config", configuration]
        return sandbox ? ["\(folder)/postern", "confine", daemon.role.rawValue, "--config", configuration, "--"] + plain : plain
    }

    private func perform(
        _ action: Supervision.Action, processes: inout [SupervisedDaemon: DaemonProcess], inputs: AsyncStream<Input>.Continuation
    ) {
        switch action {
        case .spawn(let daemon):
            do throws(DaemonProcess.StartError) {
                let command = command(of: daemon)
                processes[daemon] = try DaemonProcess.start(
                    executable: command[0], arguments: Array(command.dropFirst()), configuration: accepted.descriptor(),
                    // Only the core decides which configuration runs.
                    onRevision: { [accepted] in if daemon == .core { accepted.accepted(revision: $0) } },
                    onChange: { inputs.yield(.change(daemon, processID: $0, $1)) })
            } catch {
                inputs.yield(.event(.ended(daemon, .notStarted(errno: error.errno))))
            }
        case .signal(let daemon, let signal):
            processes[daemon]?.signal(signal)
        case .schedule(let timer, let delay):
            let (seconds, attoseconds) = delay.components
            let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { inputs.yield(.event(.timer(timer))) }
        case .announce(let notReady):
            announce(notReady)
        case .say(let notice):
            logger.log(level: notice.level, "\(notice.text)")
        case .finish:
            break
        }
    }

    private func path(of daemon: SupervisedDaemon) -> String { "\(folder)/\(daemon.executableName)" }

    /// The folder of the running executable, symbolic links resolved; nil with `errno` set where /proc does not tell.
    static func ownFolder() -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        guard length > 0 else { return nil }
        let path = String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }
}

extension Supervision.Notice {
    fileprivate var level: Logger.Level {
        switch self {
        case .restarting, .killing: .error
        case .configurationRefused, .cannotStart: .critical
        case .stopping, .stopped, .reloading: .notice
        }
    }
}
