import CrashModel
import DurableStorage
import MailVocabulary
import MessageQueue
import NIOCore

/// One life of the core, as far as the disk sees it: opens queue and content files as the core does, and works on them at random.
final class QueueRun {
    struct Settings {
        var checkpointPages = QueueDatabase.checkpointPages
        /// Content in files, of this many octets.
        var fileSize = 0
        /// The most operations in one transaction.
        var largestGroup = 6
        var transactions = 12
    }

    private(set) var ledger: Ledger
    private(set) var state = QueueState()
    private let recorder: StorageRecorder
    private let settings: Settings
    private var generator: SeededGenerator
    private var database: QueueDatabase?
    private var reader: QueueReader?
    private let files: ContentFiles
    private var lastID: Int64

    private static let routes = [
        Route(connector: "general", nextHop: "domain:example.org", carrier: .delivery),
        Route(connector: "general", nextHop: "domain:example.net", carrier: .delivery),
        Route(connector: "maildir", nextHop: "maildir", carrier: .mailbox),
    ]

    init(_ recorder: StorageRecorder, after ledger: Ledger = Ledger(), settings: Settings, seed: UInt64) {
        (self.recorder, self.ledger, self.settings) = (recorder, ledger, settings)
        generator = SeededGenerator(seed: seed)
        files = ContentFiles(directory: "\(recorder.root)/content", fileSystem: recorder.fileSystem)
        // In the past, so that every file that no message names is an orphan now.
        lastID = 1_700_000_000_000_000
    }

    /// The whole life, each step tried again where one fault stops it.
    func live() throws {
        try again { try self.open() }
        for _ in 0..<settings.transactions {
            if settings.fileSize > 0, chance(3) {
                try again { try self.enqueueWithFile() }
            } else {
                let group = randomGroup()
                try again { try self.apply(group) }
            }
            removeFilesOfTheGone()
        }
        guard let database, let reader else { return }
        let found = try QueueState.read(database, reader, files)
        if found != state { throw CrashViolation("alive: \(found.difference(from: state))") }
        close()
    }

    private func open() throws {
        close()
        try files.prepare()
        let path = "\(recorder.root)/queue.sqlite"
        let database = try QueueDatabase(path: path, vfs: recorder.vfsName, checkpointPages: settings.checkpointPages)
        try database.forgetUnusedHops()
        let epoch = try database.nextEpoch()
        guard epoch > ledger.lastEpoch else { throw CrashViolation("epoch \(epoch) after \(ledger.lastEpoch)") }
        ledger.lastEpoch = epoch
        recorder.mark("epoch \(epoch)")
        lastID = max(lastID, try database.largestMessageID())
        guard lastID >= ledger.largestID else { throw CrashViolation("ids begin at \(lastID), after \(ledger.largestID)") }
        let reader = try QueueReader(path: path, vfs: recorder.vfsName)
        let found = try QueueState.read(database, reader, files)
        guard let base = ledger.bases.firstIndex(of: found) else {
            throw CrashViolation("opened: \(ledger.bases.map { found.difference(from: $0) })")
        }
        recorder.mark("opened \(base)")
        ledger.bases = [found]
        state = found
        _ = try files.setOrphansAside(before: QueueID(value: lastID)) { try reader.named($0) }
        (self.database, self.reader) = (database, reader)
    }

    private func close() { (database, reader) = (nil, nil) }

    private func apply(_ operations: [StoreOperation]) throws {
        let number = ledger.transactions.count
        ledger.transactions.append(operations)
        recorder.mark("begin \(number)")
        do {
            guard let database else { throw CrashViolation("not open") }
            try database.apply(operations)
        } catch {
            recorder.mark("failed \(number)")
            throw error
        }
        recorder.mark("done \(number)")
        for operation in operations { state.apply(operation, files: ledger.files) }
    }

    /// In the order of the core: octets, sync, close, folder, and only then the transaction; a refused message takes its file along.
    private func enqueueWithFile() throws {
        let message = randomMessage(size: settings.fileSize + Int.random(in: 0..<3000, using: &generator), inFile: true)
        do {
            let content = ledger.files[message.id] ?? []
            let file = try files.fileSystem.create(files.path(of: message.id))
            try file.write(Array(content.prefix(content.count / 2)))
            try file.write(Array(content.dropFirst(content.count / 2)))
            try file.sync()
            try file.close()
            try files.syncFolder()
            try apply([.enqueue(message)] + (chance(2) ? [.enqueue(randomMessage(size: 300))] : []))
        } catch {
            // What stays is an orphan, and goes at the next start.
            try? files.removeIfThere(message.id)
            throw error
        }
    }

    private func removeFilesOfTheGone() {
        for id in ledger.files.keys.sorted() where state.messages[id] == nil {
            // The same.
            try? files.removeIfThere(id)
        }
    }

    /// One fault stops one attempt.
    private func again(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error where error is CrashViolation {
            throw error
        } catch {
            do {
                try body()
            } catch let second {
                throw CrashViolation("one fault (\(error)), and it does not work the next time either: \(second)")
            }
        }
    }

    // MARK: Random work

    private func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &generator) == 0 }

    private func randomGroup() -> [StoreOperation] {
        var after = state
        let count = Int.random(in: 1...settings.largestGroup, using: &generator)
        return (0..<count).map { _ in
            let operation = randomOperation(after)
            after.apply(operation, files: ledger.files)
            return operation
        }
    }

    private func randomOperation(_ state: QueueState) -> StoreOperation {
        let kind = Int.random(in: 0..<15, using: &generator)
        guard kind >= 5, let id = state.ids.randomElement(using: &generator), let message = state.messages[id] else {
            return .enqueue(randomMessage(size: [0, 1, 200, 900, 5000, 20_000].randomElement(using: &generator) ?? 0))
        }
        let indices = message.recipients.keys.sorted().filter { _ in !chance(3) }
        switch kind {
        case 5...7: return .settle(id, indices.map { Settlement(index: $0, change: .finished) }, reports: [])
        case 8:
            let attempts = (message.recipients.values.map(\.attempts).max() ?? 0) + 1
            let time = Timestamp(microseconds: id.value + Int64(attempts) * 900_000_000)
            return .settle(
                id,
                indices.map {
                    Settlement(index: $0, change: .deferred(nextAttempt: time, attempts: attempts, lastError: "451 4.3.0 later"))
                },
                reports: [])
        case 9:
            let route = Route(connector: "moved", nextHop: "domain:\(id).example", carrier: .delivery)
            return .settle(id, indices.map { Settlement(index: $0, change: .rerouted(route)) }, reports: [])
        case 10:
            // Failed, and the report with it: both or neither.
            return .settle(
                id, indices.map { Settlement(index: $0, change: .finished) }, reports: indices.isEmpty ? [] : [randomMessage(size: 1200)])
        case 11:
            // Refused by the configuration; what was held may be released by 9, and deleted or given up by 5 and 10.
            let reason = HeldReason(since: Timestamp(microseconds: id.value), reason: "550 5.7.1 not to there")
            let until = Timestamp(microseconds: id.value + 432_000_000_000)
            return .settle(id, indices.map { Settlement(index: $0, change: .held(reason, until: until)) }, reports: [])
        case 12:
            let route = Self.routes[Int.random(in: 0..<Self.routes.count, using: &generator)]
            guard !chance(3) else { return .reachable(route) }
            let at = Timestamp(microseconds: id.value)
            return .unreachable(
                UnreachableHop(
                    route: route, since: at, until: at + .seconds(Int.random(in: 1...900, using: &generator)), failures: 2,
                    lastError: "451 4.4.1 connection refused"))
        default:
            let holder = UInt64(Int.random(in: 1...3, using: &generator))
            return chance(2)
                ? .forgetHolder(holder) : .rememberHolder(HolderRecord(id: holder, carrier: .mailbox, processID: Int32(kind)))
        }
    }

    private func randomMessage(size: Int, inFile: Bool = false) -> QueuedMessage {
        lastID += Int64.random(in: 1...5_000_000, using: &generator)
        let id = QueueID(value: lastID)
        var content: [UInt8] = []
        while content.count < size { content += Array("\(content.count) of \(id): dots and \u{e4}\r\n".utf8) }
        content.removeLast(content.count - size)
        if inFile { ledger.files[id] = content }
        let recipients = (0..<UInt32.random(in: 1...4, using: &generator)).map { index in
            QueuedRecipient(
                index: index,
                recipient: EnvelopeRecipient(
                    address: TestAddress.recipient(index), notify: index == 1 ? .never : nil,
                    originalRecipient: index == 2 ? "rfc822;u2@example.org" : nil),
                writtenTo: index == 3 ? TestAddress.sender : nil,
                route: Self.routes[Int(index) % Self.routes.count])
        }
        return QueuedMessage(
            id: id, receivedAt: Timestamp(microseconds: lastID + 7),
            sender: EnvelopeSender(
                reversePath: chance(3) ? .null : .address(TestAddress.sender), declaredSize: chance(2) ? size : nil, body: .eightBitMIME,
                smtpUTF8: chance(2), returnContent: chance(2) ? .headers : nil, envelopeID: "QQ314159"),
            origin: MessageOrigin(virtualServer: "edge", clientAddress: IPAddress(parsing: "192.0.2.7"), helo: "client.example"),
            size: size, has8BitOctets: size > 60, content: inFile ? .file : .inline(ByteBuffer(bytes: content)), recipients: recipients)
    }
}

enum TestAddress {
    static let sender = parse("sender@example.com")
    static func recipient(_ index: UInt32) -> EmailAddress { parse("u\(index)@example.org") }

    private static func parse(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(parsing: text) else { preconditionFailure("\(text) is an address") }
        return address
    }
}
