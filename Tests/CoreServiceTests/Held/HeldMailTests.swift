import CoreLink
import CrashModel
import Foundation
import MailVocabulary
import MessageQueue
import NIOCore
import Testing

@testable import CoreService

/// Mail that was accepted, and that the configuration of later refuses.
@Suite("Mail that a later configuration refuses")
struct HeldMailTests {
    private static let accepting = CoreUnderTest.configuration
    /// Has no way to far.test any more, but one to near.test.
    private static func refusing(_ rest: String = "") -> String {
        accepting.replacingOccurrences(of: "domain: far.test", with: "domain: near.test") + "\n" + rest
    }
    private static let both = accepting.replacingOccurrences(
        of: "[{ domain: far.test }]", with: "[{ domain: far.test }, { domain: near.test }]")
    private static let content = Array("Message-ID:\r\n <one@far.test>\r\nSubject: x\r\n\r\nhello\r\n".utf8)

    private static func recipient(_ text: String) -> EnvelopeRecipient { EnvelopeRecipient(address: EmailAddress(parsing: text)!) }

    /// A delivery daemon that asks for work, and takes what it is given.
    private func askForWork(_ core: CoreUnderTest) async throws -> AsyncStream<LeasedWork> {
        let (stream, work) = AsyncStream.makeStream(of: LeasedWork.self)
        let (path, revision) = (core.deliveryPath, core.revision)
        let made = core.loop.makePromise(of: Void.self)
        core.loop.execute {
            LinkClient<DeliveryLink>.connect(to: .init(path: path), holder: 7, revision: revision, on: core.loop) { result in
                guard case .success(let client) = result else { return made.fail(CoreUnderTest.Refused(reply: "\(result)")) }
                client.connection.onMessage = {
                    _ = client
                    if case .work(let given) = $0 { work.yield(given) }
                }
                client.connection.onClosed = { _ in work.finish() }
                client.connection.send(.present([]))
                client.connection.send(.lease(preferring: nil))
                client.connection.flush()
                made.succeed()
            }
        }
        try await made.futureResult.get()
        return stream
    }

    private func held(_ core: CoreUnderTest) async throws -> [QueueEntry] {
        try await core.onLoop { $0.queue.heldEntries(after: nil, limit: 100) }
    }

    /// Waits until so many recipients are held.
    private func waitForHeld(_ count: Int, _ core: CoreUnderTest) async throws -> [QueueEntry] {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            let found = try await held(core)
            if found.count == count { return found }
            await Task.yield()
        }
        Issue.record("\(try await held(core)) are held, not \(count)")
        return []
    }

    private func release(_ core: CoreUnderTest, _ selection: HeldSelection) async throws -> [HeldAnswer] {
        try await core.answers { held, answer, done in held.release([selection], answer: answer, pace: { $0() }, completion: done) }
    }

    private func delete(_ core: CoreUnderTest, _ selection: HeldSelection) async throws -> [HeldAnswer] {
        try await core.answers { held, answer, done in
            held.delete([selection], by: "uid 0", answer: answer, pace: { $0() }, completion: done)
        }
    }

    @Test("kind: it is held with the reason and no report is written; the other recipients of its message go on")
    func isHeld() async throws {
        try await CoreUnderTest.with(configuration: Self.both) { core, _ in
            let id = try await core.submit(
                Self.content, from: EnvelopeSender(reversePath: .address(EmailAddress(parsing: "forged@near.test")!)),
                to: [Self.recipient("u@far.test"), Self.recipient("u@near.test")])
            try await core.reload(Self.refusing())
            let work = try await askForWork(core)
            let entries = try await waitForHeld(1, core)
            let entry = try #require(entries.first)
            #expect(entry.message == id && "\(entry.recipient)" == "u@far.test")
            #expect(entry.held?.reason.hasPrefix("550 5.") == true, "\(String(describing: entry.held))")
            // E09 runs on.
            let expiration = try await core.run { $0.topology.defaultOutboundProfile.expiration }
            #expect(entry.nextAttempt == entry.receivedAt + expiration)
            var given: LeasedWork?
            for await one in work {
                given = one
                break
            }
            #expect(given?.recipients.map { "\($0.recipient.address)" } == ["u@near.test"])
            #expect(try await core.run { $0.metrics.reportsWritten } == 0)
            #expect(try await core.counts() == QueueCounts(messages: 1, recipients: 2))
            #expect(try await core.message(id)?.head.messageID == "<one@far.test>")
            // What is held is in nobody's hands: the view says so, and why.
            let view = try await core.run { QueueView($0.queue) }
            let standing = view.standing(
                message: id, index: entry.index, connector: entry.connector, nextHop: entry.nextHop, receivedAt: entry.receivedAt,
                nextAttempt: entry.nextAttempt, lastError: nil, held: entry.held)
            #expect(standing.state == .held)
        }
    }

    @Test(
        "kind: a release decides again at once: what is still refused is held as before and says why; a reload that permits it releases it")
    func isReleased() async throws {
        try await CoreUnderTest.with { core, _ in
            let ids = try await [core.submit(Self.content), core.submit(Self.content)]
            try await core.reload(Self.refusing())
            let work = try await askForWork(core)
            let before = try await waitForHeld(2, core)
            let answers = try await release(core, .message(ids[0]))
            #expect(answers.map(\.refused) == [1] && answers.map(\.released) == [0])
            #expect(answers.first?.reason?.hasPrefix("550 5.") == true)
            #expect(try await held(core) == before, "it is held since the same moment")
            #expect(try await release(core, .refused).map(\.refused) == [1, 1])

            // Another file: the same text would be the same revision.
            try await core.reload(Self.accepting + "\nmaximum_hops: 29\n")
            _ = try await waitForHeld(0, core)
            var given: [QueueID] = []
            for await one in work {
                given.append(one.message)
                break
            }
            #expect(ids.contains(try #require(given.first)))
            #expect(try await core.counts().recipients == 2)
            #expect(try await release(core, .message(ids[0])).map(\.released) == [0], "nothing of it is held any more")
        }
    }

    @Test("kind: a deletion tells nobody, frees the content, and says what is absent or being delivered")
    func isDeleted() async throws {
        try await CoreUnderTest.with { core, _ in
            let large = Self.content + [UInt8](repeating: 0x61, count: 300_000)
            let ids = try await [core.submit(large), core.submit(Self.content), core.submit(Self.content)]
            try await core.reload(Self.refusing())
            _ = try await askForWork(core)
            _ = try await waitForHeld(3, core)
            #expect(try await delete(core, .message(ids[0])).map(\.deleted) == [1])
            #expect(try await core.message(ids[0]) == nil)
            #expect(try await delete(core, .message(ids[0])).map(\.isAbsent) == [true])
            #expect(try await delete(core, .refused).map(\.deleted) == [1, 1])
            #expect(try await core.counts() == QueueCounts(messages: 0, recipients: 0))
            #expect(try await core.run { $0.metrics.reportsWritten } == 0)
        }
    }

    @Test("a message that is being delivered stays, and the answer says so")
    func underWay() async throws {
        try await CoreUnderTest.with { core, _ in
            let id = try await core.submit(Self.content)
            let work = try await askForWork(core)
            for await _ in work { break }
            let answers = try await delete(core, .message(id))
            #expect(answers.map(\.deleted) == [0] && answers.map(\.underWay) == [1])
            #expect(try await core.counts().recipients == 1)
        }
    }

    @Test("kind: with `on_reroute_refusal: report` its sender is told, also of what was held before")
    func isReported() async throws {
        try await CoreUnderTest.with(configuration: Self.both) { core, _ in
            let sender = EnvelopeSender(reversePath: .address(EmailAddress(parsing: "sender@near.test")!))
            _ = try await core.submit(Self.content, from: sender)
            try await core.reload(Self.refusing())
            _ = try await askForWork(core)
            _ = try await waitForHeld(1, core)
            try await core.reload(Self.refusing("on_reroute_refusal: report"))
            _ = try await waitForHeld(0, core)
            #expect(try await core.run { $0.metrics.reportsWritten } == 1)
            #expect(try await core.counts() == QueueCounts(messages: 1, recipients: 1), "the report alone is left")
        }
    }

    @Test("kind: held mail that has become too old is reported to its sender in the ordinary way")
    func expires() async throws {
        try await CoreUnderTest.with(configuration: Self.both) { core, _ in
            let sender = EnvelopeSender(reversePath: .address(EmailAddress(parsing: "sender@near.test")!))
            let id = try await core.submit(Self.content, from: sender)
            try await core.reload(Self.refusing())
            _ = try await askForWork(core)
            _ = try await waitForHeld(1, core)
            try await core.wait { core, done in
                let reason = HeldReason(since: .now(), reason: "550 5.4.4 no way")
                core.queue.settleHeld(id, [Settlement(index: 0, change: .held(reason, until: .now() - .seconds(1)))], completion: done)
            }
            try await core.wait { core, done in core.held.giveUpExpired(completion: done) }
            #expect(try await core.message(id) == nil)
            #expect(try await core.run { ($0.metrics.reportsWritten, $0.metrics.expiredRecipients) } == (1, 1))
        }
    }
}

extension CoreUnderTest {
    /// Reads on the core's event loop.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (Core) -> EventLoopFuture<Value>) async throws -> Value {
        try await run { body($0) }.get()
    }

    /// Waits for what the core does.
    func wait(_ body: @escaping @Sendable (Core, @escaping () -> Void) -> Void) async throws {
        let done = loop.makePromise(of: Void.self)
        try await run { body($0) { done.succeed() } }
        try await done.futureResult.get()
    }

    /// What an administrator's command is answered with.
    func answers(
        _ body: @escaping @Sendable (HeldMail, @escaping (HeldAnswer) -> Void, @escaping (HeldEnd) -> Void) -> Void
    ) async throws -> [HeldAnswer] {
        let done = loop.makePromise(of: [HeldAnswer].self)
        try await run { core in
            var collected: [HeldAnswer] = []
            body(core.held, { collected.append($0) }, { _ in done.succeed(collected) })
        }
        return try await done.futureResult.get()
    }
}
