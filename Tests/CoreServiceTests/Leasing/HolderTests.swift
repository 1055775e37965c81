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
    private static let group = MultiThreadedEventLoopGroup.singleton

    /// A holder's end of one connection, scripted.
    private final class Holder: Sendable {
        private struct Parts {
            let client: LinkClient<DeliveryLink>
        }
        private let parts: NIOLoopBound<Parts>
        private let stream: AsyncStream<LeaseResponse>

        init(_ core: CoreUnderTest, holder: UInt64) async throws {
            let made = core.loop.makePromise(of: NIOLoopBound<Parts>.self)
            let (stream, responses) = AsyncStream.makeStream(of: LeaseResponse.self)
            self.stream = stream
            let (path, revision) = (core.deliveryPath, core.revision)
            core.loop.execute { [loop = core.loop] in
                LinkClient<DeliveryLink>.connect(to: .init(path: path), holder: holder, revision: revision, on: loop) { result in
                    guard case .success(let client) = result else { return made.fail(CoreUnderTest.Refused(reply: "\(result)")) }
                    client.connection.onMessage = { responses.yield($0) }
                    client.connection.onClosed = { _ in responses.finish() }
                    made.succeed(NIOLoopBound(Parts(client: client), eventLoop: loop))
                }
            }
            parts = try await made.futureResult.get()
        }

        func say(_ requests: LeaseRequest...) {
            parts.eventLoop.execute { [parts] in
                for request in requests { parts.value.client.connection.send(request) }
                parts.value.client.connection.flush()
            }
        }

        /// The next work; nil where the core closes the connection instead.
        func work() async -> LeasedWork? {
            for await response in stream {
                if case .work(let work) = response { return work }
            }
            return nil
        }

        /// Waits for the answer to `present`; nil where the core closes the connection instead.
        func confirmed() async -> [LeaseID]? {
            for await response in stream {
                if case .confirmed(let leases) = response { return leases }
            }
            return nil
        }

        func untilClosed() async { for await _ in stream {} }
    }

    private func withCore(_ body: (CoreUnderTest) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        let core = try await CoreUnderTest(recorder, on: Self.group.next())
        try await body(core)
        try await core.close()
    }

    private static func held(_ count: Int) -> [HeldLease] {
        (0..<count).map {
            HeldLease(lease: LeaseID(epoch: 1, number: UInt32($0 + 1_000_000)), message: QueueID(value: Int64($0)), recipients: [0])
        }
    }

    @Test("more leases than a holder can have are refused with its connection; as many as it can have are looked at, and are not its own")
    func presented() async throws {
        try await withCore { core in
            let greedy = try await Holder(core, holder: 1)
            greedy.say(.present(Self.held(LeaseRequest.maximumPresented + 1)))
            #expect(await greedy.confirmed() == nil)
            let honest = try await Holder(core, holder: 2)
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
            let ids = [
                try await core.submit(Array("Subject: 1\r\n\r\n".utf8)), try await core.submit(Array("Subject: 2\r\n\r\n".utf8)),
            ]
            let main = try await Holder(core, holder: 1)
            main.say(.present([]))
            #expect(await main.confirmed() == [])
            let (good, bad) = (try await Holder(core, holder: 1), try await Holder(core, holder: 1))
            good.say(.lease(preferring: nil))
            let first = try #require(await good.work())
            bad.say(.lease(preferring: nil))
            let second = try #require(await bad.work())
            #expect(Set([first.message, second.message]) == Set(ids))
            bad.say(.lease(preferring: nil))
            await bad.untilClosed()
            let next = try await Holder(core, holder: 1)
            next.say(.lease(preferring: nil))
            let again = try #require(await next.work())
            #expect(again.message == second.message && again.lease != second.lease && again.mayBeRepeat)
            // The one that kept to the protocol has its lease still.
            #expect(try await core.run { $0.queue.isHeld(first.lease, by: 1) })
            let outcome = RecipientOutcome(index: 0, attempts: 0, result: .delivered, reply: Reply(250, "2.0.0", "ok"))
            good.say(.outcome(HeldLease(lease: first.lease, message: first.message, recipients: [0]), [outcome], reached: true))
            next.say(.outcome(HeldLease(lease: again.lease, message: again.message, recipients: [0]), [outcome], reached: true))
            while try await core.counts().messages > 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
    }
}
