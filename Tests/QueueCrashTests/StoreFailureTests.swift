import CrashModel
import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

#if canImport(Glibc)
    import Glibc
#endif

@Suite("The store when the disk fails, and what the queue makes of it", .serialized)
struct StoreFailureTests {
    private func settlement(_ grant: LeaseGrant) -> [Settlement] {
        grant.recipients.map { Settlement(index: $0.index, change: .finished) }
    }

    @Test("where there is no space a message is refused as such; it works again by itself when space returns", arguments: [ENOSPC, EIO])
    func fullDisk(errorNumber: Int32) async throws {
        let fixture = try await StoreFixture()
        let before = try await fixture.enqueue()
        fixture.recorder.inject { $0.operation == .write ? errorNumber : nil }
        do {
            _ = try await fixture.enqueue()
            Issue.record("accepted without a disk")
        } catch let error as StoreError {
            if errorNumber == ENOSPC, case .full = error {
            } else if errorNumber == EIO, case .failed = error {
            } else {
                Issue.record("\(error)")
            }
        }
        fixture.recorder.inject(nil)
        let after = try await fixture.enqueue()
        let events = try await fixture.run { _, _ in fixture.events }
        #expect(events == ["failed", "recovered"])
        let left = try await fixture.run { queue, _ in queue.counts() }.get()
        #expect(left == QueueCounts(messages: 2, recipients: 2))
        try await fixture.close()
        let report = try await CrashExplorer(points: .last, policies: CrashPolicy.standard()).explore(fixture.recorder) { crashed in
            let database = try QueueDatabase(path: "\(crashed.folder)/queue.sqlite")
            let reader = try QueueReader(path: "\(crashed.folder)/queue.sqlite")
            guard try reader.contains(before[0]), try reader.contains(after[0]), try reader.counts().messages == 2 else {
                throw CrashViolation("not exactly the two that were accepted")
            }
            withExtendedLifetime(database) {}
        }
        #expect(report.failures.isEmpty, "\(report)")
    }

    @Test("an operation that cannot succeed fails alone; the others of its group are done, and nothing of it sticks to the next message")
    func poisonedOperation() async throws {
        let fixture = try await StoreFixture()
        let taken = try await fixture.enqueue()[0]
        let base = taken.value
        let (first, large, last) = (QueueID(value: base + 1), QueueID(value: base + 2), QueueID(value: base + 3))
        let inFile = QueuedMessage(
            id: large, receivedAt: Timestamp(microseconds: base), sender: EnvelopeSender(reversePath: .null), origin: .system,
            size: 100_000,
            has8BitOctets: false, content: .file, recipients: RecoveredQueue.small(large).recipients)
        let answers = try await fixture.submit([
            .enqueue(RecoveredQueue.small(first)),
            .enqueue(RecoveredQueue.small(taken, String(repeating: "The same id again.\r\n", count: 200))),
            .enqueue(inFile),
            // Half of it would be possible: the settlement; its report has an id that is taken.
            .settle(first, [Settlement(index: 0, change: .finished)], reports: [RecoveredQueue.small(taken)]),
            .enqueue(RecoveredQueue.small(last)),
        ])
        let succeeded = answers.map { (try? $0.get()) != nil }
        #expect(succeeded == [true, false, true, false, true])
        for id in [taken, first, last] {
            let message = try #require(try await fixture.run { queue, _ in queue.message(id) }.get())
            guard case .inline(let bytes) = message.head.content else { throw CrashViolation("\(id): not inline") }
            #expect(bytes == ByteBuffer(string: "Subject: next\r\n\r\n"))
            #expect(message.recipients.count == 1)
        }
        let message = try #require(try await fixture.run { queue, _ in queue.message(large) }.get())
        guard case .file = message.head.content else { throw CrashViolation("content out of nowhere") }
        let counts = try await fixture.run { queue, _ in queue.counts() }.get()
        #expect(counts.messages == 4)
        try await fixture.close()
    }

    @Test("a group whose sync fails is tried again one by one: all of it is accepted, and there after a power loss")
    func failedSyncOfAGroup() async throws {
        let fixture = try await StoreFixture()
        let syncs = Counter()
        let ids = (1...8).map { QueueID(value: 1_900_000_000_000_000 + $0) }
        // The first sync is that of the transaction that holds the writer.
        let answers = try await fixture.submit(ids.map { .enqueue(RecoveredQueue.small($0)) }) {
            $0.operation == .sync && syncs.next() == 1 ? EIO : nil
        }
        #expect(syncs.next() > 8)
        for (id, answer) in zip(ids, answers) {
            if case .success = answer { fixture.recorder.mark("\(id)") } else { Issue.record("\(id): \(answer)") }
        }
        try await fixture.close()
        let report = try await CrashSettings.explorer(salt: 8).explore(fixture.recorder) { crashed in
            guard !crashed.marks.isEmpty else { return }
            let database = try QueueDatabase(path: "\(crashed.folder)/queue.sqlite")
            let reader = try QueueReader(path: "\(crashed.folder)/queue.sqlite")
            for mark in crashed.marks {
                guard let id = QueueID(parsing: mark), try reader.contains(id) else { throw CrashViolation("\(mark) is lost") }
            }
            withExtendedLifetime(database) {}
        }
        #expect(report.failures.isEmpty, "seed \(CrashSettings.seed): \(report)")
    }

    @Test("an outcome that cannot be recorded is tried until it can, and the work is nobody else's meanwhile")
    func settlingWithoutDisk() async throws {
        let fixture = try await StoreFixture()
        let loop = fixture.loop
        let delivered = try await fixture.enqueue()[0]
        let grant = try #require(try await fixture.lease(holder: 1).get())
        #expect(grant.message.id == delivered)
        // The disk fails for two attempts, each a commit and the commit that clears up behind it.
        let failures = Counter()
        fixture.recorder.inject { $0.operation == .write && failures.next() < 4 ? ENOSPC : nil }
        let other = fixture.lease(holder: 2)
        let settlements = settlement(grant)
        let settled = loop.makePromise(of: Void.self)
        try await fixture.run { queue, _ in queue.settle(grant.id, settlements, completion: { settled.succeed() }) }
        try await settled.futureResult.get()
        #expect(failures.next() >= 4)
        let counts = try await fixture.run { queue, _ in queue.counts() }.get()
        #expect(counts == QueueCounts(messages: 0, recipients: 0))
        let leases = try await fixture.run { queue, _ in queue.leaseCount }
        #expect(leases == 0)
        // Who waited all the time gets the next message, not that one again.
        let next = try await fixture.enqueue()[0]
        let second = try #require(try await other.get())
        #expect(second.message.id == next)
        let events = try await fixture.run { _, _ in fixture.events }
        #expect(events == ["failed", "recovered"])
        try await fixture.close()
    }

    @Test("under load, wherever the power goes: accepted is there and whole, recorded as delivered is gone")
    func underLoad() async throws {
        let fixture = try await StoreFixture()
        let loop = fixture.loop
        let rounds = 6
        for round in 0..<rounds {
            let accepted = try await fixture.run { [recorder = fixture.recorder] queue, _ in
                (0..<10).map { _ in
                    let promise = loop.makePromise(of: Void.self)
                    let id = queue.nextID()
                    queue.enqueue(RecoveredQueue.small(id, "Subject: \(id)\r\n\r\n" + String(repeating: "text ", count: 100))) {
                        if case .success = $0 { recorder.mark("accepted \(id)") }
                        promise.completeWith($0.mapError { $0 as any Error })
                    }
                    return promise.futureResult
                }
            }
            // Settled while others are accepted.
            let settled = try await (0..<(round % 3 * 4)).asyncMap { holder in
                let settled = loop.makePromise(of: Void.self)
                guard let grant = try await fixture.lease(holder: UInt64(holder)).get() else { return settled.futureResult }
                let settlements = settlement(grant)
                try await fixture.run { [recorder = fixture.recorder] queue, _ in
                    recorder.mark("reporting \(grant.message.id)")
                    queue.settle(grant.id, settlements) {
                        recorder.mark("delivered \(grant.message.id)")
                        settled.succeed()
                    }
                }
                return settled.futureResult
            }
            try await EventLoopFuture.andAllSucceed(accepted + settled, on: loop).get()
        }
        try await fixture.close()
        let report = try await CrashSettings.explorer(salt: 9).explore(fixture.recorder) { crashed in
            let path = "\(crashed.folder)/queue.sqlite"
            let database = try QueueDatabase(path: path)
            let reader = try QueueReader(path: path)
            let reporting = Set(crashed.marks.compactMap { Self.id($0, "reporting ") })
            let delivered = Set(crashed.marks.compactMap { Self.id($0, "delivered ") })
            for id in crashed.marks.compactMap({ Self.id($0, "accepted ") }) {
                let message = try reader.message(id)
                if delivered.contains(id), message != nil { throw CrashViolation("\(id) comes again") }
                if reporting.contains(id) { continue }
                guard let message, case .inline(let bytes) = message.head.content else { throw CrashViolation("\(id) is lost") }
                guard bytes == ByteBuffer(string: "Subject: \(id)\r\n\r\n" + String(repeating: "text ", count: 100)),
                    message.recipients.count == 1
                else { throw CrashViolation("\(id) is not whole") }
            }
            withExtendedLifetime(database) {}
        }
        #expect(report.failures.isEmpty, "seed \(CrashSettings.seed): \(report)")
        print("under load: \(report.steps) steps, \(report.images) states recovered from")
    }

    private static func id(_ mark: String, _ prefix: String) -> QueueID? {
        mark.hasPrefix(prefix) ? QueueID(parsing: mark.dropFirst(prefix.count)) : nil
    }

    @Test("a store that is closed says so, and changes nothing any more")
    func closed() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.enqueue()[0]
        try await fixture.closeStore()
        let steps = fixture.recorder.steps.count
        do {
            _ = try await fixture.enqueue()
            Issue.record("accepted by a closed store")
        } catch let error as StoreError {
            #expect(error == .closed)
        }
        #expect(fixture.recorder.steps.count == steps)
        withExtendedLifetime(id) {}
    }

    @Test("the folder of the content is durable though the one who made it failed, or died, before the sync")
    func contentFolder() async throws {
        let report = try await CrashExplorer(points: .last, policies: [.nothing, .contentOnly]).run { recorder in
            let files = ContentFiles(directory: "\(recorder.root)/content", fileSystem: recorder.fileSystem)
            recorder.inject { $0.operation == .syncDirectory ? EIO : nil }
            #expect(throws: (any Error).self) { try files.prepare() }
            recorder.inject(nil)
            try files.prepare()
            let file = try files.fileSystem.create(files.path(of: QueueID(value: 1)))
            try file.write([1, 2, 3])
            try file.sync()
            try file.close()
            try files.syncFolder()
        } recover: { crashed in
            guard crashed.image.content(of: "content/\(QueueID(value: 1))") == [1, 2, 3] else { throw CrashViolation("lost") }
        }
        #expect(report.failures.isEmpty, "\(report)")
    }
}

extension Sequence {
    /// In their order, one after the other.
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
