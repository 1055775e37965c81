import Foundation
import Glibc
import Logging
import ServiceRuntime
import Testing

@testable import CommandLineTool

/// A folder with shell scripts in the place of the daemons, and a FIFO through which they tell what they do.
private final class FakeDaemons: Sendable {
    let folder: String
    let reports: AsyncStream<String>

    /// - Parameter script: for each daemon, what its script does; `say WORD` reports `WORD`.
    init(_ script: (SupervisedDaemon) -> String) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("postern-up-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        folder = path
        guard mkfifo("\(path)/fifo", 0o600) == 0 else { throw POSIXError(.EIO) }
        for daemon in SupervisedDaemon.withoutSubmission {
            let text = """
                #!/bin/sh
                exec 9>"\(path)/fifo"
                say() { echo "\(daemon.rawValue) $*" >&9; }
                \(script(daemon))
                """
            try text.write(toFile: "\(path)/\(daemon.executableName)", atomically: true, encoding: .utf8)
            chmod("\(path)/\(daemon.executableName)", 0o755)
        }
        // Read and write, so that neither end waits for the other to open.
        let descriptor = open("\(path)/fifo", O_RDWR | O_CLOEXEC)
        let (stream, continuation) = AsyncStream<String>.makeStream()
        reports = stream
        DetachedThread.start {
            let file = fdopen(descriptor, "r")
            var line = [CChar](repeating: 0, count: 1024)
            while fgets(&line, Int32(line.count), file) != nil {
                let text = line.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
                if text == "end\n" { break }
                continuation.yield(String(text.dropLast()))
            }
            fclose(file)
            continuation.finish()
        }
    }

    deinit {
        if let file = fopen("\(folder)/fifo", "w+") {
            fputs("end\n", file)
            fclose(file)
        }
        // What is left in the folder of temporary files harms nobody.
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// What a well-behaved daemon does, in shell: it is ready, waits for SIGTERM or the end of its supervisor, and says so.
private let wellBehaved = """
    trap 'say term; exit 0' TERM
    trap 'say hup' HUP
    printf R >&$POSTERN_SUPERVISOR_FD
    say "started $1 $2"
    # A process in the background waits, so that the shell obeys its traps at once.
    cat <&3 >/dev/null &
    waiting=$!
    while kill -0 $waiting 2>/dev/null; do wait $waiting; done
    say orphaned
    """

@Suite("postern up with real processes", .timeLimit(.minutes(1)))
struct ProcessSupervisorTests {
    private func supervisor(_ fake: FakeDaemons, announced: @escaping @Sendable ([SupervisedDaemon]) -> Void = { _ in })
        -> ProcessSupervisor
    {
        ProcessSupervisor(
            folder: fake.folder, configuration: "some file.yaml", accepted: AcceptedConfiguration(file: "some file.yaml", text: []),
            daemons: SupervisedDaemon.withoutSubmission,
            logger: Logger(label: "up") { _ in SwiftLogNoOpLogHandler() },
            announce: announced)
    }

    @Test("all daemons start with the configuration, are announced, reload, and end in order")
    func wholeLife() async throws {
        let fake = try FakeDaemons { _ in wellBehaved }
        let (signals, send) = AsyncStream<ProcessSignal>.makeStream()
        let (announcements, announced) = AsyncStream<[SupervisedDaemon]>.makeStream()
        let supervisor = supervisor(fake) { announced.yield($0) }
        async let status = supervisor.run(signals: signals)

        var announcement = announcements.makeAsyncIterator()
        #expect(await announcement.next() == [])
        var reports = fake.reports.makeAsyncIterator()
        var started: Set<String> = []
        while started.count < 4, let report = await reports.next() { started.insert(report) }
        #expect(started == Set(SupervisedDaemon.withoutSubmission.map { "\($0.rawValue) started --config some file.yaml" }))

        send.yield(.reload)
        var reloaded: Set<String> = []
        while reloaded.count < 4, let report = await reports.next() { reloaded.insert(report) }
        #expect(reloaded == Set(SupervisedDaemon.withoutSubmission.map { "\($0.rawValue) hup" }))

        send.yield(.terminate)
        var ended: [String] = []
        while ended.count < 4, let report = await reports.next() { ended.append(report) }
        #expect(ended.first == "edge term" && ended.last == "core term")
        #expect(Set(ended) == ["edge term", "delivery term", "mailbox term", "core term"])
        #expect(await status == .success)
    }

    @Test("a daemon that is killed runs again")
    func restart() async throws {
        let fake = try FakeDaemons { $0 == .edge ? "say \"pid $$\"; \(wellBehaved)" : wellBehaved }
        let (signals, send) = AsyncStream<ProcessSignal>.makeStream()
        let supervisor = supervisor(fake)
        async let status = supervisor.run(signals: signals)
        var seen: [Int32] = []
        var reports = fake.reports.makeAsyncIterator()
        while seen.count < 4, let report = await reports.next() {
            guard report.hasPrefix("edge pid "), let processID = Int32(report.dropFirst("edge pid ".count)) else { continue }
            seen.append(processID)
            kill(processID, SIGKILL)
        }
        #expect(Set(seen).count == 4)
        send.yield(.interrupt)
        #expect(await status == .success)
    }

    @Test("a daemon that refuses the configuration stops everything with 78")
    func configurationError() async throws {
        let fake = try FakeDaemons { $0 == .core ? "exit 78" : wellBehaved }
        let (signals, _) = AsyncStream<ProcessSignal>.makeStream()
        #expect(await supervisor(fake).run(signals: signals) == .configuration)
    }

    @Test("a missing executable is said before anything starts")
    func missing() async throws {
        let fake = try FakeDaemons { _ in wellBehaved }
        try FileManager.default.removeItem(atPath: "\(fake.folder)/postern-mailbox")
        let (signals, _) = AsyncStream<ProcessSignal>.makeStream()
        #expect(await supervisor(fake).run(signals: signals) == .osError)
    }

    @Test("a daemon that ignores SIGTERM is killed by the third Ctrl-C")
    func stubborn() async throws {
        let fake = try FakeDaemons { _ in "trap '' TERM; printf R >&3; say started; while :; do cat <&3 >/dev/null; done" }
        let (signals, send) = AsyncStream<ProcessSignal>.makeStream()
        let supervisor = supervisor(fake)
        async let status = supervisor.run(signals: signals)
        var reports = fake.reports.makeAsyncIterator()
        for _ in 0..<4 { _ = await reports.next() }
        for _ in 0..<3 { send.yield(.interrupt) }
        #expect(await status == .success)
    }

    @Test("no daemon stays behind when the supervisor is killed")
    func noOrphans() async throws {
        let fake = try FakeDaemons { _ in wellBehaved }
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = fake.folder as String] in
            let (signals, _) = AsyncStream<ProcessSignal>.makeStream()
            let supervisor = ProcessSupervisor(
                folder: folder, configuration: "f", accepted: AcceptedConfiguration(file: "f", text: []),
                daemons: SupervisedDaemon.withoutSubmission,
                logger: Logger(label: "up") { _ in SwiftLogNoOpLogHandler() },
                announce: { _ in kill(getpid(), SIGKILL) })
            _ = await supervisor.run(signals: signals)
        }
        var orphaned: Set<String> = []
        for await report in fake.reports where report.hasSuffix("orphaned") {
            orphaned.insert(report)
            if orphaned.count == 4 { break }
        }
        #expect(orphaned.count == 4)
    }
}
