import CoreLink
import CrashModel
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Testing

@testable import CoreService

@Suite("Holders that break the protocol")
struct HolderTests {
    private func withCore(_ body: (CoreUnderTest) async throws -> Void) async throws {
        try await CoreUnderTest.with { core, _ in try await body(core) }
    }

    private static func held(_ count: Int) -> [HeldLease] {
        (0..<count).map {
            HeldLease(lease: LeaseID(epoch: 1, number: UInt32($0 + 1_000_000)), message: QueueID(value: Int64($0)), recipients: [0])
        }
    }

    @Test("more leases than a holder can have are refused with its connection; as many as it can have are looked at, and are not its own")
    func presented() async throws {
        try await withCore { core in
            let greedy = try await ScriptedHolder(core, holder: 1)
            greedy.say(.present(Self.held(LeaseRequest.maximumPresented + 1)))
            #expect(await greedy.confirmed() == nil)
            let honest = try await ScriptedHolder(core, holder: 2)
            honest.say(.present(Self.held(LeaseRequest.maximumPresented)))
            #expect(await honest.confirmed() == [])
            // Once for each connection.
            honest.say(.present([]))
            await honest.untilClosed()
        }
    }

    @Test("asking for work while there is some costs the holder that connection: its work is due again, and other connections go on")
    func askingTwice() async throws {
        try await withCore { core in
            let main = try await ScriptedHolder(core, holder: 1)
            main.say(.present([]))
            #expect(await main.confirmed() == [])
            let outcome = RecipientOutcome(index: 0, attempts: 0, result: .delivered, reply: Reply(250, "2.0.0", "ok"))
            var ids: [QueueID] = []
            for number in 0..<3 { ids.append(try await core.submit(Array("Subject: \(number)\r\n\r\n".utf8))) }
            // A next hop has one connection until it has taken something.
            let scout = try await ScriptedHolder(core, holder: 1)
            scout.say(.lease(preferring: nil))
            let taken = try #require(await scout.work())
            scout.say(.outcome(HeldLease(lease: taken.lease, message: taken.message, recipients: [0]), [outcome], reached: true))
            #expect(await scout.recorded() == taken.lease)
            let (good, bad) = (try await ScriptedHolder(core, holder: 1), try await ScriptedHolder(core, holder: 1))
            good.say(.lease(preferring: nil))
            let first = try #require(await good.work())
            bad.say(.lease(preferring: nil))
            let second = try #require(await bad.work())
            #expect(Set([taken.message, first.message, second.message]) == Set(ids))
            bad.say(.lease(preferring: nil))
            await bad.untilClosed()
            let next = try await ScriptedHolder(core, holder: 1)
            next.say(.lease(preferring: nil))
            let again = try #require(await next.work())
            #expect(again.message == second.message && again.lease != second.lease && again.mayBeRepeat)
            // The one that kept to the protocol has its lease still.
            #expect(try await core.run { $0.queue.isHeld(first.lease, by: 1) })
            good.say(.outcome(HeldLease(lease: first.lease, message: first.message, recipients: [0]), [outcome], reached: true))
            next.say(.outcome(HeldLease(lease: again.lease, message: again.message, recipients: [0]), [outcome], reached: true))
            while try await core.counts().messages > 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
    }
}
