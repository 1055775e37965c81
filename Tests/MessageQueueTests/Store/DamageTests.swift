import DurableStorage
import Foundation
import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

/// A queue whose file is damaged on disk: octets are overwritten while nobody has it open.
final class DamageableQueue {
    let folder: String
    var path: String { "\(folder)/queue.sqlite" }
    var files: ContentFiles { ContentFiles(directory: "\(folder)/content", fileSystem: POSIXFileSystem()) }
    static let route = Route(connector: "general", nextHop: "domain:example.org", carrier: .delivery)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-damage-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try files.prepare()
    }

    // What is left over lies in the folder for temporary files.
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func id(_ number: Int) -> QueueID { QueueID(value: 1_700_000_000_000_000 + Int64(number)) }

    static func message(_ number: Int, size: Int, recipients: Int = 1) -> QueuedMessage {
        let line = Array("message \(number)\r\n".utf8)
        let content = Array(Array(repeating: line, count: size / line.count + 1).joined().prefix(size))
        return QueuedMessage(
            id: id(number), receivedAt: Timestamp(microseconds: id(number).value),
            sender: EnvelopeSender(reversePath: .address(EmailAddress(parsing: "sender\(number)@example.com")!)), origin: .system,
            size: size, has8BitOctets: false, content: .inline(ByteBuffer(bytes: content)),
            recipients: (0..<recipients).map {
                QueuedRecipient(
                    index: UInt32($0), recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u\($0)@example.org")!), route: route)
            })
    }

    func fill(_ messages: [QueuedMessage]) throws {
        let database = try QueueDatabase(path: path)
        _ = try database.nextEpoch()
        for message in messages { try database.apply([.enqueue(message)]) }
        try database.checkpoint()
    }

    var octets: [UInt8] { get throws { try POSIXFileSystem().open(path).readAll() } }

    func overwrite(_ octets: [UInt8], at place: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(place))
        try handle.write(contentsOf: Data(octets))
        try handle.close()
    }

    /// Random octets all over a page, counted from 1.
    func destroy(page: Int, using generator: inout some RandomNumberGenerator) throws {
        try overwrite((0..<8192).map { _ in UInt8.random(in: 0...255, using: &generator) }, at: (page - 1) * 8192)
    }

    /// The page on which a text stands; nil where it stands on none.
    func page(of text: String) throws -> Int? {
        let (octets, wanted) = (try octets, Array(text.utf8))
        return octets.indices.first { octets[$0] == wanted[0] && octets[$0...].starts(with: wanted) }.map { $0 / 8192 + 1 }
    }
}

@Suite("A queue that is damaged on disk")
struct DamageTests {
    private func due(_ queue: DamageableQueue, limit: Int = 1000) throws -> DueWindow {
        try QueueReader(path: queue.path).due(route: DamageableQueue.route, now: .now(), limit: limit, contentBudget: .max)
    }

    @Test("a changed octet of inline content is found by the checksum: that message alone is damaged, and is not given out as whole")
    func changedOctet() throws {
        let queue = try DamageableQueue()
        try queue.fill((0..<20).map { DamageableQueue.message($0, size: 3000) })
        let octets = try queue.octets
        let wanted = Array("message 7\r\n".utf8)
        let place = try #require(octets.indices.first { octets[$0...].starts(with: wanted) })
        try queue.overwrite([octets[place] ^ 0x20], at: place)
        let window = try due(queue)
        #expect(window.recipients.count == 20 && window.unreadable.isEmpty)
        for row in window.recipients {
            switch row.message.content {
            case .inline: #expect(row.message.id != DamageableQueue.id(7))
            case .damaged(let bytes):
                #expect(row.message.id == DamageableQueue.id(7))
                #expect(bytes.readableBytes == 3000)
            default: Issue.record("\(row.message.id) has no content")
            }
        }
        guard case .damaged = try QueueReader(path: queue.path).message(DamageableQueue.id(7))?.head.content else {
            Issue.record("the message is given out as whole")
            return
        }
    }

    @Test("content of a version that kept no checksum is given out, unless its size is another")
    func withoutChecksum() throws {
        let queue = try DamageableQueue()
        try queue.fill((0..<3).map { DamageableQueue.message($0, size: 300) })
        let connection = try SQLiteConnection(path: queue.path, mode: .readWrite)
        try connection.execute("UPDATE messages SET checksum = NULL")
        try connection.execute("UPDATE messages SET content = X'61' WHERE id = \(DamageableQueue.id(1).value)")
        let damaged = try due(queue).recipients.filter { if case .damaged = $0.message.content { true } else { false } }
        #expect(damaged.map(\.message.id) == [DamageableQueue.id(1)])
    }

    @Test("a page of one message's content that is gone costs that message: its envelope is there, the others are whole")
    func contentPage() throws {
        var generator = SystemRandomNumberGenerator()
        let queue = try DamageableQueue()
        // Four pages each, the first of which holds the row.
        try queue.fill((0..<20).map { DamageableQueue.message($0, size: 30_000) })
        let page = try #require(try queue.page(of: "sender7@"))
        // Its first overflow page is the next one.
        try queue.destroy(page: page + 1, using: &generator)
        let window = try due(queue)
        let whole = window.recipients.filter { if case .inline = $0.message.content { true } else { false } }
        #expect(Set(window.recipients.map(\.message.id)).union(window.unreadable.map(\.id)).count == 20)
        #expect(whole.count == 19)
    }

    @Test("one page of messages that is gone: all the others are due, and listed; those on it are named as unreadable", arguments: 1...8)
    func messagePage(seed: Int) throws {
        var generator = Seeded(state: UInt64(seed))
        let queue = try DamageableQueue()
        try queue.fill((0..<200).map { DamageableQueue.message($0, size: 900) })
        let victim = Int.random(in: 0..<200, using: &generator)
        let page = try #require(try queue.page(of: "sender\(victim)@"))
        try queue.destroy(page: page, using: &generator)

        let window = try due(queue)
        let lost = Set(window.unreadable.map(\.id))
        #expect(lost.contains(DamageableQueue.id(victim)))
        // Eight or nine lie on a page of 8 KiB.
        #expect((1...10).contains(lost.count))
        #expect(window.recipients.count == 200 - lost.count)
        #expect(window.recipients.allSatisfy { if case .inline = $0.message.content { true } else { false } })

        let reader = try QueueReader(path: queue.path)
        var listed: [QueueEntry] = []
        while true {
            let entries = try reader.entries(after: listed.last.map { ($0.message, $0.index) }, limit: 30)
            listed += entries
            if entries.isEmpty { break }
        }
        #expect(Set(listed.map(\.message)).count == 200 && listed.count == 200)
        for entry in listed where lost.contains(entry.message) { #expect(MessageDamage.isReason(entry.lastError)) }
        #expect(listed.filter { MessageDamage.isReason($0.lastError) }.count == lost.count)

        // What is unreadable can be put off, and is in nobody's way then.
        let database = try QueueDatabase(path: queue.path)
        try database.apply(window.unreadable.map { .hold($0.id, until: .now() + .seconds(1000), $0.damage) })
        let next = try due(queue)
        #expect(next.unreadable.isEmpty && next.recipients.count == 200 - lost.count)
    }

    @Test("a database that is malformed says which file, and how to save what can be read")
    func words() throws {
        let queue = try DamageableQueue()
        try queue.fill([DamageableQueue.message(0, size: 100)])
        try queue.overwrite([UInt8](repeating: 0x7A, count: 4096), at: 0)
        do {
            _ = try QueueDatabase(path: queue.path)
            Issue.record("it was opened")
        } catch let error as SQLiteError {
            #expect(error.isCorrupt)
            #expect("\(error)".hasPrefix("\(queue.path) is damaged ("))
            #expect(
                "\(error)".hasSuffix(
                    "stop the core and run `postern recover queue`, which saves what can be read, or restore a backup"))
        }
    }
}

/// The same octets for the same seed.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
