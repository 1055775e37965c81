import Dispatch
import Glibc
import ServiceRuntime

/// A daemon's process, from its start to the moment its end is collected.
struct DaemonProcess: Sendable {
    let processID: Int32
    /// Our end of the socket that the daemon watches: its close is the daemon's SIGTERM (``SupervisorWatch``).
    private let lifeline: Int32
    /// Signalled when all that the daemon has printed is passed on.
    private let outputEnd: DispatchSemaphore

    enum Change: Sendable {
        case ready
        /// See ``SupervisorWord/holds``.
        case holds
        /// It is dead, but its id stays its own until ``collect()``.
        case died
    }

    struct StartError: Error {
        let errno: Int32
    }

    /// Starts `executable --config F` in a session of its own: Ctrl-C reaches the supervisor alone, and the daemon has no terminal that it
    /// could type into. It gets default signal actions, standard input from nowhere, a pipe for all that it prints (``DaemonOutput``), the
    /// lifeline, and what is not close-on-exec.
    ///
    /// - Parameters:
    ///   - configuration: a descriptor of the text that it is to run with, which is closed here; -1 for none.
    ///   - onRevision: told of the configuration that the daemon says it runs with, on the thread that listens to it.
    ///   - onChange: called on other threads.
    static func start(
        executable: String, arguments: [String], configuration: Int32 = -1, onRevision: @escaping @Sendable (String) -> Void = { _ in },
        onChange: @escaping @Sendable (_ processID: Int32, Change) -> Void
    ) throws(StartError) -> DaemonProcess {
        defer { if configuration >= 0 { close(configuration) } }
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw StartError(errno: errno)
        }
        let (own, theirs) = (ends[0], ends[1])
        defer { close(theirs) }
        var processID: pid_t = 0
        var pipeEnds: [Int32] = [-1, -1]
        guard pipe(&pipeEnds) == 0 else {
            let code = errno
            close(own)
            throw StartError(errno: code)
        }
        let (output, theirOutput) = (pipeEnds[0], pipeEnds[1])
        // Daemons are started one after the other: no other one can inherit these meanwhile.
        for end in pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let code = spawn(
            &processID, executable: executable, arguments: arguments, lifeline: theirs, output: theirOutput, configuration: configuration)
        close(theirOutput)
        guard code == 0 else {
            close(output)
            close(own)
            throw StartError(errno: code)
        }
        let outputEnd = DispatchSemaphore(value: 0)
        if !DaemonOutput.relay(output, to: { StandardError.pass($0) }, end: { outputEnd.signal() }) {
            // Without a thread that reads, the daemon loses its log lines and goes on (`LogSink`).
            close(output)
            outputEnd.signal()
        }
        let child = processID
        guard DetachedThread.start({ waitForDeath(of: child, then: { onChange(child, .died) }) }) else {
            // Nobody would hear of its end.
            kill(child, SIGKILL)
            _ = DaemonProcess(processID: child, lifeline: own, outputEnd: outputEnd).collect()
            throw StartError(errno: EAGAIN)
        }
        let reading = fcntl(own, F_DUPFD_CLOEXEC, 3)
        if reading >= 0 {
            let started = DetachedThread.start {
                listen(to: reading, change: { onChange(child, $0) }, revision: onRevision)
                close(reading)
            }
            if !started { close(reading) }
        }
        return DaemonProcess(processID: child, lifeline: own, outputEnd: outputEnd)
    }

    /// Reads what a daemon says of itself until it ends. It can say what it likes as often as it likes: nothing of it is kept here.
    private static func listen(to descriptor: Int32, change: (Change) -> Void, revision: (String) -> Void) {
        var (isReady, holds, pending, octets): (Bool, Bool, [UInt8], [UInt8]) = (false, false, [], [UInt8](repeating: 0, count: 64))
        while true {
            let count = read(descriptor, &octets, octets.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            pending += octets[..<count]
            guard let words = SupervisorWord.take(from: &pending) else { return }
            for word in words {
                switch word {
                case .ready:
                    if !isReady { change(.ready) }
                    isReady = true
                case .holds:
                    if !holds { change(.holds) }
                    holds = true
                case .runs(let name):
                    revision(name)
                    // Whoever is told reads a file: ten times a second is often.
                    usleep(100_000)
                }
            }
        }
    }

    /// Sends a signal. Only between the start and ``collect()``: afterwards the id may be somebody else's.
    func signal(_ signal: Int32) { kill(processID, signal) }

    /// Collects a process that has died.
    func collect() -> DaemonEnding {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        // Wakes the thread that reads a duplicate, also where a process that the daemon left behind still holds the other end.
        shutdown(lifeline, Int32(SHUT_RDWR))
        close(lifeline)
        // Its last words come before what is said of its end; a process that it left behind may hold the pipe for longer.
        _ = outputEnd.wait(timeout: .now() + .seconds(1))
        return DaemonEnding(waitStatus: status)
    }

    /// Marks what this process inherited beyond standard error as close-on-exec: a shell's or make's descriptors are no daemon's business.
    static func keepInheritedDescriptors() {
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name), descriptor > STDERR_FILENO { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// Waits without collecting, so that the id stays valid for ``signal(_:)`` on the supervisor's side.
    private static func waitForDeath(of processID: Int32, then report: () -> Void) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        report()
    }

    /// The descriptor of the lifeline in the daemon.
    private static let lifelineDescriptor: Int32 = 3
    /// The descriptor of the configuration in the daemon.
    private static let configurationDescriptor: Int32 = 4

    private static func spawn(
        _ processID: inout pid_t, executable: String, arguments: [String], lifeline: Int32, output: Int32, configuration: Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        // To itself it clears the close-on-exec flag (glibc 2.29).
        posix_spawn_file_actions_adddup2(&actions, lifeline, lifelineDescriptor)
        if configuration >= 0 { posix_spawn_file_actions_adddup2(&actions, configuration, configurationDescriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | newSession)

        var strings = ([executable] + arguments).map { strdup($0) }
        strings.append(nil)
        var environment = inheritedEnvironment().map { strdup($0) }
        if isatty(STDERR_FILENO) == 1 { environment.append(strdup("\(LogFormat.terminalVariable)=1")) }
        environment.append(strdup("\(SupervisorWatch.environmentName)=\(lifelineDescriptor)"))
        if configuration >= 0 { environment.append(strdup("\(HandedConfiguration.environmentName)=\(configurationDescriptor)")) }
        environment.append(nil)
        defer { for string in strings + environment { free(string) } }
        return posix_spawn(&processID, executable, &actions, &attributes, strings, environment)
    }

    /// `POSIX_SPAWN_SETSID` (posix_spawnattr_setflags(3)), which the headers give only to GNU sources.
    private static let newSession: Int16 = 0x80

    private static func inheritedEnvironment() -> [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let ours = [SupervisorWatch.environmentName, LogFormat.terminalVariable, HandedConfiguration.environmentName]
            let isOurs = ours.contains { text.hasPrefix("\($0)=") }
            if !isOurs { entries.append(text) }
            next += 1
        }
        return entries
    }
}
