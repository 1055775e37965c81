import CrashModel
import MailVocabulary
import MessageQueue
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("The queue when the disk fails", .serialized)
struct FaultTests {
    /// Lives with one fault after the other, lets the power go after each, and compares with what was promised.
    private func explore(_ name: String, _ settings: QueueRun.Settings, _ explorer: FaultExplorer, salt: UInt64) async throws {
        var states = 0
        var ledger = Ledger()
        let (runs, failures) = try await explorer.run { recorder, _ in
            let run = QueueRun(recorder, settings: settings, seed: CrashSettings.seed &+ salt)
            defer { ledger = run.ledger }
            try run.live()
        } recover: { crashed in
            states += 1
            try RecoveredQueue.require(ledger.atStart.after(crashed.marks), in: crashed.folder)
        }
        #expect(failures.isEmpty, "seed \(CrashSettings.seed): \(failures.joined(separator: "\n"))")
        #expect(runs > 20)
        print("\(name): \(runs) runs, \(states) states recovered from")
    }

    @Test("each write, sync, opening, truncation and removal fails once: nothing half done, nothing lost, and the next attempt works")
    func eachStepFailsOnce() async throws {
        try await explore(
            "faults", QueueRun.Settings(checkpointPages: 16, fileSize: 2000, largestGroup: 3, transactions: 8),
            FaultExplorer(
                crashes: CrashExplorer(points: .every(40), policies: [.nothing, .everything], maximumFailures: 5)), salt: 6)
    }

    @Test("each step of the first start fails once: what is accepted by the start that works is durable")
    func firstStart() async throws {
        try await explore(
            "faults of the first start", QueueRun.Settings(largestGroup: 1, transactions: 1),
            FaultExplorer(
                crashes: CrashExplorer(points: .last, policies: [.nothing, .entriesOnly, .contentOnly], maximumFailures: 5)), salt: 7)
    }

    @Test("a commit that was written and could not be synced does not come back after it was refused")
    func failedSync() async throws {
        let report = try await CrashExplorer(points: .last, policies: CrashPolicy.standard()).run { recorder in
            let database = try QueueDatabase(path: "\(recorder.root)/queue.sqlite", vfs: recorder.vfsName)
            try database.apply([.enqueue(RecoveredQueue.small(QueueID(value: 1)))])
            let syncs = Counter()
            recorder.inject { $0.operation == .sync && syncs.next() == 0 ? EIO : nil }
            #expect(throws: (any Error).self) { try database.apply([.enqueue(RecoveredQueue.small(QueueID(value: 2)))]) }
            #expect(syncs.next() > 0)
        } recover: { crashed in
            let database = try QueueDatabase(path: "\(crashed.folder)/queue.sqlite")
            let reader = try QueueReader(path: "\(crashed.folder)/queue.sqlite")
            guard try reader.contains(QueueID(value: 1)) else { throw CrashViolation("the accepted one is lost") }
            if try reader.contains(QueueID(value: 2)) { throw CrashViolation("the refused one is back") }
            withExtendedLifetime(database) {}
        }
        #expect(report.failures.isEmpty, "\(report)")
    }
}
