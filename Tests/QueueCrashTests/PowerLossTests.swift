import CrashModel
import MailVocabulary
import MessageQueue
import Testing

/// At every recorded point the power goes: the queue that is found is exactly the one that was promised, and what was under way is
/// there as a whole or not at all.
@Suite("The queue after a power loss", .serialized)
struct PowerLossTests {
    private func explore(_ name: String, _ settings: QueueRun.Settings, salt: UInt64) async throws {
        var ledger = Ledger()
        let report = try await CrashSettings.explorer(salt: salt).run { recorder in
            let run = QueueRun(recorder, settings: settings, seed: CrashSettings.seed &+ salt)
            defer { ledger = run.ledger }
            try run.live()
        } recover: { crashed in
            // The last epoch and the bases of the run itself are what the marks say.
            try RecoveredQueue.require(ledger.atStart.after(crashed.marks), in: crashed.folder)
        }
        #expect(report.failures.isEmpty, "seed \(CrashSettings.seed): \(report)")
        #expect(report.images > report.steps)
        print("\(name): \(report.steps) steps, \(report.images) states recovered from")
    }

    @Test("small messages, settlements and reports in groups: acknowledged is there, settled stays away, a report comes with its failure")
    func smallMessages() async throws {
        try await explore("small messages", QueueRun.Settings(transactions: 14), salt: 1)
        try await explore("one by one", QueueRun.Settings(largestGroup: 1, transactions: 20), salt: 2)
    }

    @Test("large content in files: whole where it was acknowledged, orphans are removed and nothing else is")
    func contentFiles() async throws {
        try await explore("content files", QueueRun.Settings(fileSize: 70_000, transactions: 14), salt: 3)
    }

    @Test("over many checkpoints of the log into the database")
    func checkpoints() async throws {
        try await explore(
            "checkpoints", QueueRun.Settings(checkpointPages: 12, fileSize: 5000, transactions: 60), salt: 4)
    }

    @Test("power loss after power loss, also while recovering: epochs rise, no id comes twice, nothing that was promised is lost")
    func restartChains() async throws {
        var images = 0
        var failures: [String] = []
        try await chain(depth: 3, after: Ledger(), seed: CrashSettings.seed &+ 5, folder: TemporaryFolder(), &images, &failures)
        #expect(failures.isEmpty, "seed \(CrashSettings.seed): \(failures.joined(separator: "\n"))")
        print("restart chains: \(images) states recovered from")
    }

    private static let livedOnFrom = 3

    /// Lives on in the folder, lets the power go at every point of that, and lives on from some of what is left.
    ///
    /// From some: a life has some hundred states, and each of them as many again after the next life; at three lives that would be
    /// millions, at 5 ms each.
    private func chain(
        depth: Int, after ledger: Ledger, seed: UInt64, folder: TemporaryFolder, _ images: inout Int, _ failures: inout [String]
    ) async throws {
        let recorder = try StorageRecorder(root: folder.path)
        let run = QueueRun(
            recorder, after: ledger, settings: QueueRun.Settings(checkpointPages: 30, fileSize: 3000, transactions: 5), seed: seed)
        do {
            try run.live()
        } catch {
            failures.append("\(depth) lives left: \(error)")
            return
        }
        _ = recorder.close()
        let left = run.ledger.starting(from: ledger)
        var states: [(folder: TemporaryFolder, ledger: Ledger)] = []
        var choice = SeededGenerator(seed: seed)
        var count = 0
        let report = try await CrashExplorer(
            points: .all, policies: [.nothing, .seeded(seed)]
        ).explore(recorder) { crashed in
            let next = left.after(crashed.marks)
            // Each state has the same chance to be lived on from.
            count += 1
            let place = Int.random(in: 0..<count, using: &choice)
            if depth > 1, place < Self.livedOnFrom {
                let copy = try TemporaryFolder()
                try crashed.image.materialize(in: copy.path)
                if states.count < Self.livedOnFrom { states.append((copy, next)) } else { states[place] = (copy, next) }
            }
            try RecoveredQueue.require(next, in: crashed.folder)
        }
        images += report.images
        failures += report.failures.map { "\(depth) lives left: \($0)" }
        for (number, state) in states.enumerated() where failures.isEmpty {
            try await chain(
                depth: depth - 1, after: state.ledger, seed: seed &* 7 &+ UInt64(number), folder: state.folder, &images, &failures)
        }
    }
}
