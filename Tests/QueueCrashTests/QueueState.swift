import CrashModel
import DurableStorage
import MailVocabulary
import NIOCore

@testable import MessageQueue

/// Everything a queue holds, as values that can be compared: what a test expects, or what it reads from the disk.
struct QueueState: Equatable {
    struct Message: Equatable {
        var receivedAt: Timestamp
        var sender: EnvelopeSender
        var origin: MessageOrigin
        var has8BitOctets: Bool
        var size: Int
        var isInFile: Bool
        var content: Octets
        var recipients: [UInt32: Recipient]
    }

    struct Recipient: Equatable {
        var recipient: EnvelopeRecipient
        var writtenTo: EmailAddress?
        var route: Route
        var attempts: UInt32 = 0
        var nextAttempt: Timestamp?
        var lastError: String?
        var held: HeldReason?
    }

    var messages: [QueueID: Message] = [:]
    var holders: Set<HolderRecord> = []
    var unreachable: [Route: UnreachableHop] = [:]

    /// In an order that a seed replays.
    var ids: [QueueID] { messages.keys.sorted() }

    // MARK: Expected

    /// What an operation means.
    ///
    /// - Parameter files: the content of messages that lies in files.
    mutating func apply(_ operation: StoreOperation, files: [QueueID: [UInt8]]) {
        switch operation {
        case .enqueue(let message): add(message, files: files)
        case .settle(let id, let settlements, let reports):
            for settlement in settlements {
                switch settlement.change {
                case .finished: messages[id]?.recipients[settlement.index] = nil
                case .deferred(let nextAttempt, let attempts, let lastError):
                    messages[id]?.recipients[settlement.index]?.nextAttempt = nextAttempt
                    messages[id]?.recipients[settlement.index]?.attempts = attempts
                    messages[id]?.recipients[settlement.index]?.lastError = lastError
                case .rerouted(let route):
                    messages[id]?.recipients[settlement.index]?.route = route
                    messages[id]?.recipients[settlement.index]?.nextAttempt = nil
                    messages[id]?.recipients[settlement.index]?.held = nil
                case .held(let reason, let until):
                    messages[id]?.recipients[settlement.index]?.nextAttempt = until
                    messages[id]?.recipients[settlement.index]?.held = reason
                }
            }
            if messages[id]?.recipients.isEmpty == true { messages[id] = nil }
            for report in reports { add(report, files: files) }
        case .rememberHolder(let holder):
            holders = holders.filter { $0.id != holder.id }
            holders.insert(holder)
        case .forgetHolder(let id): holders = holders.filter { $0.id != id }
        case .unreachable(let hop): unreachable[hop.route] = hop
        case .reachable(let route): unreachable[route] = nil
        case .reconfigured, .hold, .clockWasSet: break
        }
    }

    private mutating func add(_ message: QueuedMessage, files: [QueueID: [UInt8]]) {
        let content: [UInt8]
        let isInFile: Bool
        switch message.content {
        case .inline(let bytes): (content, isInFile) = (Array(bytes.readableBytesView), false)
        case .file: (content, isInFile) = (files[message.id] ?? [], true)
        case .damaged(let bytes): (content, isInFile) = (Array(bytes.readableBytesView), false)
        }
        messages[message.id] = Message(
            receivedAt: message.receivedAt, sender: message.sender, origin: message.origin, has8BitOctets: message.has8BitOctets,
            size: message.size, isInFile: isInFile, content: Octets(content),
            recipients: Dictionary(
                uniqueKeysWithValues: message.recipients.map {
                    ($0.index, Recipient(recipient: $0.recipient, writtenTo: $0.writtenTo, route: $0.route))
                }))
    }

    // MARK: Found

    /// Reads the whole queue.
    ///
    /// - Throws: `CrashViolation` where its parts do not fit together.
    static func read(_ database: QueueDatabase, _ reader: QueueReader, _ files: ContentFiles) throws -> QueueState {
        var state = QueueState(messages: [:], holders: Set(try database.holders()))
        var recipients = 0
        var last: (QueueID, UInt32)?
        while true {
            // A page smaller than most messages, so that pages are crossed.
            let page = try reader.entries(after: last, limit: 7)
            for entry in page where state.messages[entry.message] == nil {
                state.messages[entry.message] = try message(entry.message, reader, files)
            }
            recipients += page.count
            guard let end = page.last else { break }
            last = (end.message, end.index)
        }
        let counts = try reader.counts()
        guard counts == QueueCounts(messages: state.messages.count, recipients: recipients) else {
            throw CrashViolation("\(counts), but \(state.messages.count) messages with \(recipients) recipients are found")
        }
        for hop in try database.unreachableHops(now: Timestamp(seconds: 0)) { state.unreachable[hop.route] = hop }
        try state.requireDue(reader)
        try state.requireHeld(reader)
        return state
    }

    private static func message(_ id: QueueID, _ reader: QueueReader, _ files: ContentFiles) throws -> Message {
        guard let stored = try reader.message(id) else { throw CrashViolation("\(id) has recipients and is gone") }
        let head = stored.head
        let content: [UInt8]
        let isInFile: Bool
        switch head.content {
        case .inline(let bytes): (content, isInFile) = (Array(bytes.readableBytesView), false)
        case .file:
            guard try files.fileSystem.exists(files.path(of: id)) else { throw CrashViolation("\(id) has lost its file") }
            let file = try files.fileSystem.open(files.path(of: id))
            (content, isInFile) = (try file.readAll(), true)
            try file.close()
        case .damaged: throw CrashViolation("\(id): its content is not what was stored")
        case nil: throw CrashViolation("\(id): no content read")
        }
        return Message(
            receivedAt: head.receivedAt, sender: head.sender, origin: stored.origin, has8BitOctets: head.has8BitOctets, size: head.size,
            isInFile: isInFile, content: Octets(content),
            recipients: Dictionary(
                uniqueKeysWithValues: stored.recipients.map {
                    let recipient = Recipient(
                        recipient: $0.recipient, writtenTo: $0.writtenTo, route: $0.route, attempts: $0.attempts,
                        nextAttempt: $0.nextAttempt,
                        lastError: $0.lastError, held: $0.held)
                    return ($0.index, recipient)
                }))
    }

    /// What would be given out some day is what is there.
    private func requireDue(_ reader: QueueReader) throws {
        var due: Set<String> = []
        for hop in try reader.hops(after: nil, limit: 1000) {
            for row in try reader.due(route: hop.route, now: Timestamp(seconds: 1 << 40), limit: 1000, contentBudget: .max).recipients {
                due.insert("\(row.message.id) \(row.index) \(hop.route)")
            }
        }
        var expected: Set<String> = []
        for (id, message) in messages {
            for (index, recipient) in message.recipients where recipient.held == nil {
                expected.insert("\(id) \(index) \(recipient.route)")
            }
        }
        if due != expected { throw CrashViolation("due: \(due.symmetricDifference(expected).sorted())") }
    }

    /// What is held is listed as held, and nothing else.
    private func requireHeld(_ reader: QueueReader) throws {
        let found = try reader.heldEntries(after: nil, limit: 1000).map { "\($0.message) \($0.index)" }
        let expected = ids.flatMap { id in
            (messages[id]?.recipients ?? [:]).filter { $0.value.held != nil }.keys.sorted().map { "\(id) \($0)" }
        }
        guard found == expected, try reader.heldCount() == expected.count else { throw CrashViolation("held: \(found), not \(expected)") }
    }

    // MARK: Compared

    /// What this one has otherwise than another, in words.
    func difference(from other: QueueState) -> String {
        var found: [String] = []
        for id in Set(messages.keys).union(other.messages.keys).sorted() {
            switch (messages[id], other.messages[id]) {
            case (nil, _): found.append("\(id) is missing")
            case (_, nil): found.append("\(id) should not be there")
            case (let one?, let two?) where one != two:
                if one.content != two.content {
                    found.append("\(id): content differs (\(one.content.bytes.count) octets, expected \(two.content.bytes.count))")
                } else if one.recipients != two.recipients {
                    found.append("\(id): recipients \(one.recipients), expected \(two.recipients)")
                } else {
                    found.append("\(id): envelope differs")
                }
            default: break
            }
        }
        if unreachable != other.unreachable { found.append("unreachable next hops differ") }
        if holders != other.holders { found.append("holders differ") }
        return found.joined(separator: "; ")
    }
}
