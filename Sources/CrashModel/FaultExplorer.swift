#if canImport(Glibc)
    import Glibc
#endif

/// Lets each step of a scenario fail once, in a run of its own, and then lets the power go.
public struct FaultExplorer: Sendable {
    /// One step that fails in a run.
    public struct Fault: Hashable, Sendable, CustomStringConvertible {
        /// The number of the attempt.
        public let attempt: Int
        public let errorNumber: Int32

        public var description: String { "attempt \(attempt) fails: \(String(cString: strerror(errorNumber)))" }
    }

    /// The errors each step fails with.
    public let errorNumbers: [Int32]
    /// Which steps are let fail: every n-th.
    public let stride: Int
    /// What is explored after each run.
    public let crashes: CrashExplorer

    public init(
        errorNumbers: [Int32] = [EIO, ENOSPC], stride: Int = 1,
        crashes: CrashExplorer = CrashExplorer(points: .last, policies: [.nothing, .everything, .seeded(1)])
    ) {
        (self.errorNumbers, self.stride, self.crashes) = (errorNumbers, max(1, stride), crashes)
    }

    /// Runs the scenario once without a fault, to count its attempts, and once for each of them and each error.
    ///
    /// - Parameters:
    ///   - scenario: as for `CrashExplorer.run`. It handles the error as the program does and marks only what still holds; the
    ///     second argument is nil in the run without a fault. What it throws is a failure of the test.
    ///   - recover: as for `CrashExplorer.run`.
    /// - Returns: a report for each run that found something, and how many runs there were.
    public func run(
        scenario: (StorageRecorder, Fault?) async throws -> Void, recover: (CrashedStorage) async throws -> Void
    ) async throws -> (runs: Int, failures: [String]) {
        let (attempts, first) = try await run(nil, scenario, recover)
        var (runs, failures) = (1, first)
        for attempt in Swift.stride(from: 0, to: attempts, by: stride) {
            for errorNumber in errorNumbers {
                failures += try await run(Fault(attempt: attempt, errorNumber: errorNumber), scenario, recover).failures
                runs += 1
                if failures.count >= crashes.maximumFailures { return (runs, failures) }
            }
        }
        return (runs, failures)
    }

    private func run(
        _ fault: Fault?, _ scenario: (StorageRecorder, Fault?) async throws -> Void, _ recover: (CrashedStorage) async throws -> Void
    ) async throws -> (attempts: Int, failures: [String]) {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        if let fault { recorder.inject { $0.number == fault.attempt ? fault.errorNumber : nil } }
        let name = fault.map { "\($0)" } ?? "no fault"
        do {
            try await scenario(recorder, fault)
        } catch {
            recorder.close()
            return (recorder.attempts, ["\(name): \(error)"])
        }
        guard recorder.close() else { return (recorder.attempts, ["\(name): the scenario left files of SQLite open"]) }
        let report = try await crashes.explore(recorder, recover: recover)
        return (recorder.attempts, report.failures.map { "\(name), then \($0)" })
    }
}
