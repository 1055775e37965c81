/// Lets the power go at every point of a recorded scenario, and asks each time whether what was promised before holds.
public struct CrashExplorer: Sendable {
    /// At which points the power goes. Point n is after n steps.
    public enum Points: Hashable, Sendable {
        case all
        /// Every n-th, and the last.
        case every(Int)
        /// When the scenario is over.
        case last
    }

    public let points: Points
    public let policies: [CrashPolicy]
    /// After so many failures the run ends.
    public let maximumFailures: Int

    public init(points: Points = .all, policies: [CrashPolicy] = CrashPolicy.standard(), maximumFailures: Int = 10) {
        (self.points, self.policies, self.maximumFailures) = (points, policies, maximumFailures)
    }

    /// Records the scenario in a new folder, then explores.
    ///
    /// - Parameters:
    ///   - scenario: does its work below `recorder.root`, through `recorder.fileSystem` and `recorder.vfsName`, says what it promises
    ///     with `recorder.mark`, and closes its databases.
    ///   - recover: opens what is left with the ordinary file system and VFS, and throws what is wrong.
    /// - Throws: what the scenario threw.
    public func run(
        scenario: (StorageRecorder) async throws -> Void, recover: (CrashedStorage) async throws -> Void
    ) async throws -> CrashReport {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        do {
            try await scenario(recorder)
        } catch {
            recorder.close()
            throw error
        }
        // Threads and loops of the scenario let go of what they had at hand a moment after it has returned.
        let end = ContinuousClock.now + .seconds(10)
        while recorder.openDatabaseFiles > 0, .now < end { try await Task.sleep(for: .milliseconds(1)) }
        guard recorder.close() else { throw CrashViolation("the scenario left \(recorder.openDatabaseFiles) files of SQLite open") }
        return try await explore(recorder, recover: recover)
    }

    /// Explores what is recorded.
    public func explore(_ recorder: StorageRecorder, recover: (CrashedStorage) async throws -> Void) async throws -> CrashReport {
        let steps = recorder.steps
        var report = CrashReport(steps: steps.count)
        var disk = recorder.initialDisk()
        var marks: [String] = []
        var seen: Set<Int> = []
        let chosen = chosenPoints(steps.count)
        for point in 0...steps.count {
            if point > 0 {
                disk.apply(steps[point - 1])
                if case .mark(let text) = steps[point - 1] { marks.append(text) }
            }
            guard chosen?.contains(point) ?? true else { continue }
            for policy in policies {
                let image = disk.image(policy)
                guard seen.insert(image.fingerprint(marks: marks.count)).inserted else { continue }
                report.images += 1
                let folder = try TemporaryFolder()
                try image.materialize(in: folder.path)
                do {
                    try await recover(CrashedStorage(folder: folder.path, marks: marks, image: image))
                } catch {
                    let step = point > 0 ? "\(steps[point - 1])" : "nothing"
                    report.failures.append(CrashFailure(point: point, step: step, policy: policy, problem: "\(error)"))
                    if report.failures.count >= maximumFailures { return report }
                }
            }
        }
        return report
    }

    /// nil: all.
    private func chosenPoints(_ count: Int) -> Set<Int>? {
        switch points {
        case .all: return nil
        case .every(let stride): return Set(Swift.stride(from: 0, through: count, by: max(1, stride))).union([count])
        case .last: return [count]
        }
    }
}
