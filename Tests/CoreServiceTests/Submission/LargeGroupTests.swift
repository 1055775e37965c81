import CoreLink
import CrashModel
import Directory
import DurableStorage
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Topology

@testable import CoreService

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Kind: nothing that all share is emptied by one client: large groups")
struct LargeGroupTests {
    private static let members = 10_000
    private static let ok = "250 2.1.5 Recipient OK"
    private static let message = "Subject: x\r\n\r\nhello\r\n"

    private static let configuration = """
        version: 1
        hostname: mx.postern.test
        default_domain: postern.test
        state_directory: state
        runtime_directory: run
        domains: { postern.test: authoritative }
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:2525"], limits: { message_size: 1MiB } }
        connectors:
          mailboxes:
            address_spaces: [{ domain: postern.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
          far:
            address_spaces: [{ domain: far.test }]
            deliver: { smart_hosts: ["[127.0.0.1]:9"] }
            content: { maximum_size: 100KiB }
        """

    private static func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(parsing: text)) }

    private func withCore(
        groups: [String: Int] = ["all": members], _ body: (CoreUnderTest, StorageRecorder) async throws -> Void
    ) async throws {
        try await CoreUnderTest.with(
            configuration: Self.configuration,
            prepare: { directory in
                for (name, count) in groups {
                    let group = try Self.address("\(name)@postern.test")
                    try directory.addGroup(group, forward: true)
                    try directory.addMembers(try (0..<count).map { try Self.address("\(name)\($0)@far.test") }, to: group)
                }
            }, body)
    }

    /// Waits until nothing is open any more, for as long as a broken test may take.
    private func requireNothingOpen(_ core: CoreUnderTest, _ comment: Comment) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while try await core.run({ $0.openAddresses.total }) > 0, ContinuousClock.now < end { await Task.yield() }
        #expect(try await core.run { $0.openAddresses.total } == 0, comment)
    }

    @Test("100 open transactions to a group of 10,000 share what it leads to: it is read once")
    func shared() async throws {
        try await withCore { core, _ in
            try await core.run { $0.openAddresses = OpenFinalAddresses(capacity: 2_000_000, budgets: BudgetSettings(share: nil)) }
            var edges: [ScriptedEdge] = []
            for _ in 0..<100 {
                let edge = try await ScriptedEdge(core)
                try await edge.say(ScriptedEdge.begin(), ScriptedEdge.recipient("ALL+x@postern.test"))
                edges.append(edge)
            }
            for edge in edges { #expect(await edge.reply() == Self.ok) }
            #expect(try await core.run { $0.destinations.readings } == 1)
            #expect(try await core.run { $0.openAddresses.total } == 100 * Self.members)
            for edge in edges { try await edge.close() }
            try await requireNothingOpen(core, "all were closed")
        }
    }

    @Test("the content is stored once for all members, small or large, and each member is a row", arguments: [false, true])
    func contentOnce(isLarge: Bool) async throws {
        try await withCore { core, recorder in
            let content = isLarge ? Array(repeating: UInt8(ascii: "x"), count: 90_000) : Array(Self.message.utf8)
            let id = try await core.submit(content, to: [EnvelopeRecipient(address: try Self.address("all@postern.test"))])
            #expect(try await core.counts() == QueueCounts(messages: 1, recipients: Self.members))
            let files = try POSIXFileSystem().list("\(recorder.root)/content")
            #expect(files.count == (isLarge ? 1 : 0))
            let stored = try #require(try await core.message(id))
            #expect(stored.head.size == content.count)
            #expect(Set(stored.recipients.map(\.recipient.address)).count == Self.members)
            #expect(stored.recipients.allSatisfy { "\($0.writtenTo!)" == "all@postern.test" && $0.route.connector == "far" })
            let decided = try #require(stored.decided.flatMap(DecisionRecord.read))
            #expect(decided.entries.first?.recipient == "all@postern.test")
            #expect(decided.entries.first?.steps.last?.outcome == "… and more, which was not recorded")
        }
    }

    @Test("members of several groups and single recipients get one copy, however many they are")
    func oneCopy() async throws {
        try await withCore(groups: ["all": 1000, "few": 3]) { core, _ in
            try await core.run { core in
                try core.directory.addMembers(
                    try (0..<500).map { try Self.address("all\($0)@far.test") }, to: Self.address("few@postern.test"))
            }
            let to = try ["few@postern.test", "all@postern.test", "few@postern.test"].map {
                EnvelopeRecipient(address: try Self.address($0))
            }
            let id = try await core.submit(Array(Self.message.utf8), to: to)
            let stored = try #require(try await core.message(id))
            #expect(stored.recipients.count == 1003)
            #expect(stored.recipients.map(\.index) == Array(0..<1003))
            #expect(Set(stored.recipients.map(\.recipient.address)).count == 1003)
        }
    }

    @Test("while a large group is read for the first time, others are served; who asks for the same one waits for the same reading")
    func others() async throws {
        try await withCore(groups: ["all": Self.members]) { core, _ in
            let held = Held()
            // All file threads are busy: the group is not read before they are let go.
            try await core.run { core in for _ in 0..<4 { core.fileThreads.submit { _ in held.wait() } } }
            let edges = [try await ScriptedEdge(core), try await ScriptedEdge(core)]
            for edge in edges {
                try await edge.say(
                    ScriptedEdge.begin(), ScriptedEdge.recipient("all@postern.test"), ScriptedEdge.recipient("all0@far.test"))
            }
            let other = try await ScriptedEdge(core)
            try await other.say(ScriptedEdge.begin(), ScriptedEdge.recipient("nobody@postern.test"))
            #expect(await other.reply()?.hasPrefix("550 5.1.1") == true)
            #expect(try await core.run { $0.destinations.readings } == 1)
            // The front end goes away meanwhile: nobody answers it, and nothing is counted.
            try await edges[1].close()
            held.letGo()
            #expect(await edges[0].reply() == Self.ok)
            // In the order in which they were named. Nobody relays to far.test for a stranger.
            #expect(await edges[0].reply()?.hasPrefix("550 5.7.1") == true)
            #expect(await edges[1].reply() == nil)
            #expect(try await core.run { $0.destinations.readings } == 1)
            try await edges[0].close()
            try await requireNothingOpen(core, "one was answered, one had gone")
        }
    }

    @Test("a change of the directory while a group is read is seen by whoever asks after it, and what was read before is not kept")
    func changed() async throws {
        try await withCore(groups: ["all": 200]) { core, _ in
            let held = Held()
            try await core.run { core in for _ in 0..<4 { core.fileThreads.submit { _ in held.wait() } } }
            let (early, late) = (try await ScriptedEdge(core), try await ScriptedEdge(core))
            try await early.say(ScriptedEdge.begin(), ScriptedEdge.recipient("all@postern.test"))
            while try await core.run({ $0.destinations.readings }) == 0 { await Task.yield() }
            try await core.run { try $0.directory.addMember(Self.address("new@far.test"), to: Self.address("all@postern.test")) }
            try await late.say(ScriptedEdge.begin(), ScriptedEdge.recipient("all@postern.test"))
            // It stands in line behind the first reading.
            let other = try await ScriptedEdge(core)
            try await other.say(ScriptedEdge.begin(), ScriptedEdge.recipient("nobody@postern.test"))
            _ = await other.reply()
            held.letGo()
            #expect(await early.reply() == Self.ok)
            #expect(await late.reply() == Self.ok)
            #expect(try await core.run { $0.destinations.readings } == 2)
            let id = try await core.submit(
                Array(Self.message.utf8), to: [EnvelopeRecipient(address: try Self.address("all@postern.test"))])
            #expect(try await core.message(id)?.recipients.count == 201)
            #expect(try await core.run { $0.destinations.readings } == 2)
        }
    }

    /// How a transaction ends that has taken 150 final addresses, and the reply to its content, if there is one.
    enum Ending: String, CaseIterable, Sendable {
        case abort, closed, closedInContent, violation, committed, refusedAtEndOfData, tooLarge, diskFails, goneWhileStoring
    }

    @Test("whichever way a transaction ends, its final addresses are free again", arguments: Ending.allCases)
    func endings(ending: Ending) async throws {
        try await withCore(groups: ["all": 150]) { core, recorder in
            let edge = try await ScriptedEdge(core)
            try await edge.say(ScriptedEdge.begin(), ScriptedEdge.recipient("all@postern.test"))
            #expect(await edge.reply() == Self.ok)
            #expect(try await core.run { $0.openAddresses.total } == 150)
            func content(_ octets: Int) -> [SubmitRequest] {
                Array(repeating: .content(ByteBuffer(repeating: UInt8(ascii: "x"), count: 50_000)), count: octets / 50_000)
                    + [.content(ByteBuffer(repeating: UInt8(ascii: "x"), count: octets % 50_000))]
            }
            func commit(_ octets: Int) async throws {
                for part in content(octets) { try await edge.say(part) }
                try await edge.say(.commit(octets: UInt64(octets), has8BitOctets: false))
            }
            switch ending {
            case .abort:
                try await edge.say(.abort, ScriptedEdge.begin(), ScriptedEdge.recipient("nobody@postern.test"))
                #expect(await edge.reply()?.hasPrefix("550") == true)
            case .closed: try await edge.close()
            case .closedInContent:
                try await edge.say(content(1000)[0])
                try await edge.close()
            case .violation:
                try await edge.say(.commit(octets: 5, has8BitOctets: false))
                #expect(await edge.reply() == nil)
            case .committed:
                try await commit(1000)
                #expect(await edge.reply()?.hasPrefix("250") == true)
            case .refusedAtEndOfData:
                try await commit(150_000)
                #expect(await edge.reply()?.hasPrefix("552 5.3.4") == true)
            case .tooLarge:
                try await commit(1_300_000)
                #expect(await edge.reply()?.hasPrefix("552 5.3.4") == true)
            case .diskFails:
                recorder.inject { $0.operation == .write ? 5 : nil }
                try await commit(1000)
                #expect(await edge.reply()?.hasPrefix("452 4.3.1") == true)
                recorder.inject(nil)
            case .goneWhileStoring:
                try await edge.say(content(80_000)[0], content(80_000)[1], .commit(octets: 80_000, has8BitOctets: false))
                try await edge.close()
            }
            try await requireNothingOpen(core, "\(ending)")
            try await edge.close()
        }
    }

    @Test("one network gets its share of all open final addresses, all together no more than there are, and what ends makes room")
    func bound() async throws {
        try await withCore(groups: ["all": 400]) { core, _ in
            try await core.run { $0.openAddresses = OpenFinalAddresses(capacity: 1000, budgets: BudgetSettings(share: 50)) }
            func open(_ client: String) async throws -> (ScriptedEdge, String?) {
                let edge = try await ScriptedEdge(core)
                try await edge.say(ScriptedEdge.begin(client), ScriptedEdge.recipient("all@postern.test"))
                return (edge, await edge.reply())
            }
            let tooMany = "\(OpenFinalAddresses.reply)"
            #expect(tooMany.hasPrefix("452 4.5.3 "))
            let first = try await open("192.0.2.1")
            #expect(first.1 == Self.ok)
            let second = try await open("192.0.2.1")
            #expect(second.1 == tooMany)
            let other = try await open("192.0.2.2")
            #expect(other.1 == Self.ok)
            let third = try await open("192.0.2.3")
            #expect(third.1 == tooMany)
            // It was refused one recipient, and goes on with others.
            try await first.0.say(.abort)
            try await third.0.say(ScriptedEdge.recipient("all@postern.test"))
            #expect(await third.0.reply() == Self.ok)
            for edge in [first.0, second.0, other.0, third.0] { try await edge.close() }
            try await requireNothingOpen(core, "all were closed")
        }
    }
}

/// Holds threads until they are let go.
private final class Held: Sendable {
    private let isFree = Mutex(false)

    func wait() { while !isFree.withLock({ $0 }) { sched_yield() } }
    func letGo() { isFree.withLock { $0 = true } }
}
