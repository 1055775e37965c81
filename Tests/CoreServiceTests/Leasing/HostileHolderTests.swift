import CoreLink
import CrashModel
import Logging
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CoreService

/// A taken-over delivery names whatever it likes; only what it was given is its own.
@Suite("Holders that name what is not theirs", .timeLimit(.minutes(1)))
struct HostileHolderTests {
    private static let group = MultiThreadedEventLoopGroup.singleton

    private func withCore(log: LogLines = LogLines(), _ body: (CoreUnderTest) async throws -> Void) async throws {
        try await CoreUnderTest.with(log: log.logger) { core, _ in try await body(core) }
    }

    private static func submit(_ core: CoreUnderTest, recipients: Int = 1) async throws -> QueueID {
        try await core.submit(
            Array("Subject: 1\r\n\r\n".utf8),
            to: (0..<recipients).map { EnvelopeRecipient(address: EmailAddress(parsing: "u\($0)@far.test")!) })
    }

    /// A holder's first connection, and another that was given the next work.
    private static func working(
        _ core: CoreUnderTest, holder: UInt64
    ) async throws -> (main: ScriptedHolder, session: ScriptedHolder, work: LeasedWork) {
        let main = try await ScriptedHolder(core, holder: holder)
        main.say(.present([]))
        _ = await main.confirmed()
        let session = try await ScriptedHolder(core, holder: holder)
        session.say(.lease(preferring: nil))
        return (main, session, try #require(await session.work()))
    }

    private static func outcome(_ index: UInt32, _ result: RecipientOutcome.Result = .delivered) -> RecipientOutcome {
        RecipientOutcome(index: index, attempts: 0, result: result, reply: Reply(250, "2.0.0", "so it says"))
    }

    private static func untilEmpty(_ core: CoreUnderTest) async throws {
        while try await core.counts().messages > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    enum Lie: String, CaseIterable, CustomTestStringConvertible {
        case sameRecipientTwice, recipientOfNobody, otherMessage, neverIssued, ofALaterStart
        var testDescription: String { rawValue }

        func tell(_ work: LeasedWork) -> LeaseRequest {
            var (lease, message, outcomes) = (work.lease, work.message, [HostileHolderTests.outcome(0)])
            switch self {
            case .sameRecipientTwice: outcomes = [HostileHolderTests.outcome(0), HostileHolderTests.outcome(0)]
            case .recipientOfNobody: outcomes = [HostileHolderTests.outcome(0), HostileHolderTests.outcome(7)]
            case .otherMessage: message = QueueID(value: message.value + 1)
            case .neverIssued: lease = LeaseID(epoch: lease.epoch, number: lease.number + 1000)
            case .ofALaterStart: lease = LeaseID(epoch: lease.epoch + 1, number: 1)
            }
            return .outcome(HeldLease(lease: lease, message: message, recipients: [0]), outcomes, reached: true)
        }
    }

    @Test(
        "an outcome for a recipient twice, for one that is not leased, for another message, or of no lease: said once, and nothing counts",
        arguments: Lie.allCases)
    func lies(lie: Lie) async throws {
        let log = LogLines()
        try await withCore(log: log) { core in
            _ = try await Self.submit(core)
            let (main, session, work) = try await Self.working(core, holder: 1)
            session.say(lie.tell(work))
            await session.untilClosed()
            // Nothing was delivered, and the work is due again.
            #expect(try await core.run { $0.metrics.deliveredRecipients } == 0)
            let next = try await ScriptedHolder(core, holder: 1)
            next.say(.lease(preferring: nil))
            let again = try #require(await next.work())
            #expect(again.message == work.message && again.recipients.map(\.attempts) == [0])
            next.say(.outcome(HeldLease(lease: again.lease, message: again.message, recipients: [0]), [Self.outcome(0)], reached: true))
            #expect(await next.recorded() == again.lease)
            #expect(try await core.run { $0.metrics.deliveredRecipients } == 1)
            #expect(log.count(of: "a holder broke the protocol; its connection is closed") == 1)
            withExtendedLifetime(main) {}
        }
    }

    @Test("an outcome that names one recipient 20,000 times ends with its connection, before any of it is looked at")
    func twentyThousand() async throws {
        let log = LogLines()
        try await withCore(log: log) { core in
            _ = try await Self.submit(core)
            let (main, session, work) = try await Self.working(core, holder: 1)
            let failed = Self.outcome(0, .failed)
            session.say(
                .outcome(
                    HeldLease(lease: work.lease, message: work.message, recipients: [0]), Array(repeating: failed, count: 20_000),
                    reached: true))
            await session.untilClosed()
            #expect(try await core.run { $0.metrics.failedRecipients } == 0)
            #expect(try await core.counts().messages == 1)
            #expect(log.count(of: "a holder broke the protocol; its connection is closed") == 1)
            withExtendedLifetime(main) {}
        }
    }

    @Test("an outcome for another holder's lease counts for nothing: the other's own word does")
    func anothers() async throws {
        try await withCore { core in
            _ = try await Self.submit(core)
            let (main, session, work) = try await Self.working(core, holder: 1)
            let thief = try await ScriptedHolder(core, holder: 2)
            let claim = LeaseRequest.outcome(
                HeldLease(lease: work.lease, message: work.message, recipients: [0]), [Self.outcome(0)], reached: true)
            thief.say(.present([]), claim)
            await thief.untilClosed()
            #expect(try await core.counts().messages == 1)
            #expect(try await core.run { $0.queue.isHeld(work.lease, by: 1) })
            session.say(claim)
            #expect(await session.recorded() == work.lease)
            try await Self.untilEmpty(core)
            #expect(try await core.run { $0.metrics.deliveredRecipients } == 1)
            withExtendedLifetime(main) {}
        }
    }

    @Test("an outcome that is said again is answered again and counts once; so is one whose lease ended with its connection")
    func honestRepeats() async throws {
        try await withCore { core in
            _ = try await Self.submit(core)
            let (main, session, work) = try await Self.working(core, holder: 1)
            let said = LeaseRequest.outcome(
                HeldLease(lease: work.lease, message: work.message, recipients: [0]), [Self.outcome(0)], reached: true)
            session.say(said)
            #expect(await session.recorded() == work.lease)
            main.say(said)
            #expect(await main.recorded() == work.lease)
            #expect(try await core.run { $0.metrics.deliveredRecipients } == 1)

            _ = try await Self.submit(core)
            let second = try await ScriptedHolder(core, holder: 1)
            second.say(.lease(preferring: nil))
            let lost = try #require(await second.work())
            // Its connection breaks: the core closes it.
            second.say(.lease(preferring: nil))
            await second.untilClosed()
            main.say(.outcome(HeldLease(lease: lost.lease, message: lost.message, recipients: [0]), [Self.outcome(0)], reached: true))
            #expect(await main.recorded() == lost.lease)
            try await Self.untilEmpty(core)
        }
    }

    @Test("a connection is kept open for the next hop of its own last work alone")
    func preferredHop() async throws {
        try await withCore { core in
            let holder = try await ScriptedHolder(core, holder: 1)
            holder.say(.lease(preferring: PreferredHop(connector: "far", nextHop: "domain:nowhere.example")))
            await holder.untilClosed()
            #expect(try await core.run { $0.queue.leaseCount } == 0)
        }
    }

    @Test("who said farewell says nothing more, and nothing of what it presented is kept for it")
    func farewell() async throws {
        try await withCore { core in
            let holder = try await ScriptedHolder(core, holder: 1)
            holder.say(.present([]), .farewell, .lease(preferring: nil))
            await holder.untilClosed()
        }
    }

    // MARK: Over a restart

    /// A core that gave one message to holder 1, and the one that is started on the same files after it has ended; `holder` is remembered.
    private func afterRestart(_ body: (CoreUnderTest, LeasedWork) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        let first = try await CoreUnderTest(recorder, on: Self.group.next())
        _ = try await Self.submit(first, recipients: 3)
        let (main, session, work) = try await Self.working(first, holder: 1)
        // As a core that is killed: it forgets nobody.
        _ = try await first.run { $0.isStopping = true }
        try await first.close()
        withExtendedLifetime((main, session)) {}
        let second = try await CoreUnderTest(recorder, on: Self.group.next())
        try await body(second, work)
        try await second.close()
    }

    @Test("after a restart a holder that was remembered has its lease back, and its outcome counts; what it never had does not")
    func honestReturn() async throws {
        try await afterRestart { core, work in
            let main = try await ScriptedHolder(core, holder: 1)
            let held = HeldLease(lease: work.lease, message: work.message, recipients: [0, 1, 2])
            main.say(
                .present([
                    held,
                    // The same recipients again, under another id; an id that this start will give out; a message that is not there.
                    HeldLease(lease: LeaseID(epoch: work.lease.epoch, number: 900), message: work.message, recipients: [1]),
                    HeldLease(lease: LeaseID(epoch: work.lease.epoch + 1, number: 1), message: work.message, recipients: [1]),
                    HeldLease(lease: LeaseID(epoch: work.lease.epoch, number: 901), message: QueueID(value: 5), recipients: [0]),
                ]))
            #expect(await main.confirmed() == [work.lease])
            main.say(.outcome(held, (0..<3).map { Self.outcome($0) }, reached: true))
            #expect(await main.recorded() == work.lease)
            try await Self.untilEmpty(core)
        }
    }

    @Test("a holder that nobody remembers gets nothing confirmed, however true the lease: it goes to the next that asks")
    func stranger() async throws {
        try await afterRestart { core, work in
            let stranger = try await ScriptedHolder(core, holder: 66)
            stranger.say(.present([HeldLease(lease: work.lease, message: work.message, recipients: [0, 1, 2])]))
            #expect(await stranger.confirmed() == [])
            let honest = try await ScriptedHolder(core, holder: 1)
            honest.say(.present([]))
            #expect(await honest.confirmed() == [])
            let session = try await ScriptedHolder(core, holder: 1)
            session.say(.lease(preferring: nil))
            #expect(await session.work()?.message == work.message)
        }
    }

    @Test("a lease that was presented is due again as soon as its holder is gone, and other mail of that next hop never waits for it")
    func goneAfterPresenting() async throws {
        try await afterRestart { core, work in
            let main = try await ScriptedHolder(core, holder: 1)
            main.say(.present([HeldLease(lease: work.lease, message: work.message, recipients: [0, 1, 2])]))
            #expect(await main.confirmed() == [work.lease])
            main.say(.farewell)
            let next = try await ScriptedHolder(core, holder: 2)
            next.say(.present([]))
            #expect(await next.confirmed() == [])
            let session = try await ScriptedHolder(core, holder: 2)
            session.say(.lease(preferring: nil))
            let again = try #require(await session.work())
            #expect(again.message == work.message && again.recipients.count == 3)
            #expect(try await core.run { $0.queue.leaseCount } == 1)
        }
    }

    @Test("who presents a second time, on another connection, gets nothing more than what stands")
    func secondTime() async throws {
        try await afterRestart { core, work in
            let first = try await ScriptedHolder(core, holder: 1)
            first.say(.present([]))
            #expect(await first.confirmed() == [])
            let second = try await ScriptedHolder(core, holder: 1)
            second.say(.present([HeldLease(lease: work.lease, message: work.message, recipients: [0, 1, 2])]))
            #expect(await second.confirmed() == [])
        }
    }
}

/// Collects log messages.
final class LogLines: Sendable {
    private let messages = Mutex<[String]>([])

    func count(of message: String) -> Int { messages.withLock { $0.count { $0 == message } } }

    var logger: Logger { Logger(label: "test", factory: { [self] _ in Handler(lines: self) }) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.messages.withLock { $0.append("\(event.message)") } }
    }
}
