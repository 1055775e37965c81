import DurableStorage
import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("What can be read of a damaged queue")
struct QueueRecoveryTests {
    private func recover(_ queue: DamageableQueue) throws -> (report: QueueRecovery.Report, path: String) {
        let path = "\(queue.folder)/new.sqlite"
        let report = try QueueRecovery.run(
            queue.path, into: path, scratchPath: "\(queue.folder)/scratch", files: queue.files, now: Timestamp(seconds: 1_800_000_000))
        // The core opens it, and it is sound.
        let database = try QueueDatabase(path: path)
        #expect(try SQLiteConnection(path: path, mode: .readWrite).integrityProblems().isEmpty)
        #expect(try database.largestMessageID() >= 1_800_000_000_000_000)
        return (report, path)
    }

    /// Each message that is found whole, with the number of its recipients; those that are damaged apart.
    private func found(_ path: String) throws -> (whole: [QueueID: Int], damaged: Set<QueueID>) {
        let window = try QueueReader(path: path).due(route: DamageableQueue.route, now: .now(), limit: 100_000, contentBudget: .max)
        #expect(window.unreadable.isEmpty)
        var (whole, damaged): ([QueueID: Int], Set<QueueID>) = ([:], [])
        for row in window.recipients {
            if case .inline = row.message.content { whole[row.message.id, default: 0] += 1 } else { damaged.insert(row.message.id) }
        }
        return (whole, damaged)
    }

    @Test("all of a sound one is saved, the log that was not copied yet with it")
    func sound() throws {
        let queue = try DamageableQueue()
        let database = try QueueDatabase(path: queue.path)
        for number in 0..<50 { try database.apply([.enqueue(DamageableQueue.message(number, size: 2000, recipients: 3))]) }
        let (report, path) = try recover(queue)
        #expect(report.messages == SalvageCount(saved: 50) && report.recipients == SalvageCount(saved: 150))
        let (whole, damaged) = try found(path)
        #expect(whole.count == 50 && whole.values.allSatisfy { $0 == 3 } && damaged.isEmpty)
        withExtendedLifetime(database) {}
    }

    @Test("pages that are gone at random places cost what lies on them: whatever else there is, is found whole", arguments: 1...12)
    func randomPages(seed: Int) throws {
        var generator = Seeded(state: UInt64(seed))
        let queue = try DamageableQueue()
        let count = 300
        try queue.fill((0..<count).map { DamageableQueue.message($0, size: $0 % 10 == 0 ? 20_000 : 700, recipients: 1 + $0 % 3) })
        let pages = try queue.octets.count / 8192
        #expect(pages > 80)
        let destroyed = (0..<3).map { _ in Int.random(in: 2...pages, using: &generator) }
        for page in destroyed { try queue.destroy(page: page, using: &generator) }
        let (report, path) = try recover(queue)
        let (whole, damaged) = try found(path)
        // A page has at most nine messages or three hundred recipients; a root page costs the whole table, but for what others name.
        let roots = 2...12
        guard destroyed.allSatisfy({ !roots.contains($0) }) else { return }
        #expect(whole.count >= count - 3 * 10 - 3 * 160, "seed \(seed): \(report)")
        #expect(whole.count + damaged.count + report.withoutRecipients <= count)
        #expect(report.messages.saved == whole.count + damaged.count)
        for (id, recipients) in whole {
            let number = Int(id.value - DamageableQueue.id(0).value)
            #expect(recipients <= 1 + number % 3)
        }
    }

    @Test("one page of messages costs those on it, and no recipient of another message")
    func messagePage() throws {
        var generator = Seeded(state: 5)
        let queue = try DamageableQueue()
        try queue.fill((0..<200).map { DamageableQueue.message($0, size: 900, recipients: 2) })
        let page = try #require(try queue.page(of: "sender77@"))
        try queue.destroy(page: page, using: &generator)
        let (report, path) = try recover(queue)
        #expect((1...10).contains(report.messages.lost))
        #expect(report.messages.saved == 200 - report.messages.lost)
        #expect(report.recipients.saved == 400 - 2 * report.messages.lost)
        #expect(report.recipients.lost == 2 * report.messages.lost)
        let (whole, damaged) = try found(path)
        #expect(whole.count == report.messages.saved && whole.values.allSatisfy { $0 == 2 } && damaged.isEmpty)
        #expect(whole[DamageableQueue.id(77)] == nil)
    }

    @Test("content that cannot be read leaves the envelope, so that the sender can be told")
    func contentPage() throws {
        var generator = Seeded(state: 6)
        let queue = try DamageableQueue()
        try queue.fill((0..<20).map { DamageableQueue.message($0, size: 30_000) })
        let page = try #require(try queue.page(of: "sender7@"))
        try queue.destroy(page: page + 1, using: &generator)
        let (report, path) = try recover(queue)
        #expect(report.messages.saved == 20 && report.messages.lost == 0)
        let (whole, damaged) = try found(path)
        #expect(whole.count == 19 && damaged.count == 1)
        let id = try #require(damaged.first)
        let stored = try #require(try QueueReader(path: path).message(id))
        #expect(stored.head.sender.reversePath.address != nil && stored.recipients.count == 1)
    }

    @Test("the first page, with header and schema, is replaced by that of a new database: everything else is saved", arguments: [0, 100])
    func firstPage(from place: Int) throws {
        let queue = try DamageableQueue()
        try queue.fill((0..<100).map { DamageableQueue.message($0, size: 900, recipients: 2) })
        try queue.overwrite([UInt8](repeating: 0xA5, count: 8192 - place), at: place)
        let (report, path) = try recover(queue)
        #expect(report.isFirstPageReplaced)
        #expect(report.messages == SalvageCount(saved: 100) && report.recipients == SalvageCount(saved: 200))
        #expect(try found(path).whole.count == 100)
    }

    @Test("a message without recipients goes nowhere: its content is kept aside")
    func withoutRecipients() throws {
        let queue = try DamageableQueue()
        try queue.fill((0..<3).map { DamageableQueue.message($0, size: 300) })
        let lost = DamageableQueue.id(1)
        try SQLiteConnection(path: queue.path, mode: .readWrite).execute("DELETE FROM recipients WHERE message_id = \(lost.value)")
        let (report, path) = try recover(queue)
        #expect(report.messages.saved == 2 && report.withoutRecipients == 1)
        #expect(try found(path).whole.keys.contains(lost) == false)
        let kept = try POSIXFileSystem().open(queue.files.asidePath(of: lost)).readAll()
        #expect(kept.count == 300 && kept.starts(with: Array("message 1\r\n".utf8)))
    }

    @Test("recipients whose next hop cannot be read get one that no connector has: they are decided about again")
    func lostHop() throws {
        let queue = try DamageableQueue()
        try queue.fill((0..<3).map { DamageableQueue.message($0, size: 300) })
        try SQLiteConnection(path: queue.path, mode: .readWrite).execute("PRAGMA foreign_keys = OFF; DELETE FROM hops")
        let (report, path) = try recover(queue)
        #expect(report.recipients.saved == 3)
        let reader = try QueueReader(path: path)
        #expect(
            try reader.hops(after: nil, limit: 9).map(\.route) == [Route(connector: "recovered", nextHop: "recovered", carrier: .delivery)])
        #expect(try reader.message(DamageableQueue.id(2))?.recipients.count == 1)
    }
}
