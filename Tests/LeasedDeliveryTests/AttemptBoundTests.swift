import CoreLink
import Foundation
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import SMTPClient
import Synchronization
import Testing

@testable import LeasedDelivery

/// How long one attempt goes on to other hosts, by a clock that the hosts move: nothing here waits.
@Suite("An attempt ends after half an hour, however many hosts are left", .timeLimit(.minutes(1)))
struct AttemptBoundTests {
    /// What became of the one recipient, and what the two hosts were asked.
    private struct Attempt {
        let outcomes: [RecipientOutcome]
        let isReached: Bool
        let first: [String]
        let second: [String]
    }

    /// Moves on while a host answers.
    private final class Clock: Sendable {
        private let passed = Mutex(TimeAmount.zero)
        private let begin = NIODeadline.now()

        var now: NIODeadline { begin + passed.withLock { $0 } }
        func pass(_ time: TimeAmount) { passed.withLock { $0 = $0 + time } }
    }

    /// Gives out one piece of work, and hears of its end.
    private final class OneLease {
        let work: LeasedWork
        private let content: ByteBuffer
        private var isGiven = false
        let ended: EventLoopPromise<(outcomes: [RecipientOutcome], reached: Bool)>

        init(_ work: LeasedWork, _ content: ByteBuffer, on loop: any EventLoop) {
            (self.work, self.content, ended) = (work, content, loop.makePromise())
        }

        func serve(_ link: LinkChannel<LeaseRequest, LeaseResponse>) {
            link.onMessage = { [self, weak link] request in
                guard let link else { return }
                switch request {
                case .present: link.send(.confirmed([]))
                case .lease where !isGiven:
                    isGiven = true
                    link.send(.work(work))
                    link.send(.content(content))
                    link.send(.contentEnded)
                case .outcome(_, let outcomes, let reached):
                    link.send(.recorded(work.lease))
                    ended.succeed((outcomes, reached))
                case .lease, .renew, .farewell, .report: break
                }
                link.flush()
            }
        }
    }

    /// One attempt at two hosts; the first answers as said, and the second takes everything.
    private func attempt(_ first: @escaping @Sendable (_ verb: String, _ clock: AttemptClock) -> String?) async throws -> Attempt {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let clock = Clock()
        let hosts = [
            try await ScriptedHost.start(on: loop) { first($0, AttemptClock(pass: clock.pass)) }, try await ScriptedHost.start(on: loop),
        ]
        let path = NSTemporaryDirectory() + "leased-\(UUID().uuidString.prefix(8)).sock"
        let content = ByteBuffer(string: "Subject: x\r\n\r\nx\r\n")
        let recipient = EnvelopeRecipient(address: try #require(EmailAddress(parsing: "anna@far.test")))
        let work = LeasedWork(
            lease: LeaseID(epoch: 1, number: 1), message: QueueID(value: 1),
            connector: "world", nextHop: "domain:far.test", sender: EnvelopeSender(reversePath: .null), receivedAt: .now(),
            size: UInt64(content.readableBytes), has8BitOctets: false,
            recipients: [LeasedRecipient(index: 0, attempts: 0, recipient: recipient)])
        let plan = HopPlan(
            candidates: try hosts.map { host in
                HopPlan.Candidate(
                    endpoint: .tcp(try #require(IPAddress(parsing: "127.0.0.1")), port: host.port), host: "host.test",
                    name: "host.test (\(host.port))",
                    settings: SMTPClientSettings(ourName: .name(try #require(DomainName(parsing: "mx.test")))))
            }, source: .any, messagesPerConnection: nil)
        let stage = try await loop.submit {
            let lease = OneLease(work, content, on: loop)
            let core = LinkServer<DeliveryLink>(access: .init(userIDs: nil), revision: "r1", on: loop, log: { _ in }) { link, _ in
                lease.serve(link)
            }
            let worker = HopWorker<DeliveryLink>(on: loop, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { _ in
                loop.makeSucceededFuture(.plan(plan))
            }
            worker.now = { clock.now }
            let holder = LeaseHolder<DeliveryLink>(
                settings: .init(to: .init(path: path), holder: 1, revision: "r1"), on: loop, log: { _ in },
                onWork: { worker.begin($0, $1, $2) }, onIdle: { worker.close($0) }, onRevoked: { worker.abort($0) })
            return NIOLoopBound((lease, core, holder), eventLoop: loop)
        }.get()
        try await loop.flatSubmit { stage.value.1.listen(path: path) }.get()
        try await loop.submit { stage.value.2.start() }.get()
        let (outcomes, reached) = try await loop.flatSubmit { stage.value.0.ended.futureResult }.get()
        try await loop.submit {
            stage.value.2.drain {}
            stage.value.1.stopListening()
        }.get()
        for host in hosts { try await host.stop() }
        unlink(path)
        return Attempt(outcomes: outcomes, isReached: reached, first: hosts[0].verbs, second: hosts[1].verbs)
    }

    /// What a script moves the clock by.
    private struct AttemptClock: Sendable {
        let pass: @Sendable (TimeAmount) -> Void
    }

    @Test("kind: a bound on time: what a host defers within it goes to the next host, and after it waits for the next attempt")
    func deferred() async throws {
        for (minutes, goesOn) in [(29, true), (31, false)] as [(Int64, Bool)] {
            let attempt = try await attempt { verb, clock in
                guard verb == "RCPT" else { return nil }
                clock.pass(.minutes(minutes))
                return "451 4.2.1 later"
            }
            #expect(attempt.first.contains("RCPT") && attempt.isReached)
            #expect(attempt.second.isEmpty != goesOn, "\(minutes): \(attempt.second)")
            let outcome = try #require(attempt.outcomes.first)
            // The host's own word stays the last one where there is no other.
            #expect(outcome.result == (goesOn ? .delivered : .deferred))
            #expect(goesOn || outcome.reply == Reply(451, "4.2.1", "later"), "\(outcome.reply)")
        }
    }

    @Test("kind: a bound on time: a host that sends everybody away after it is the last one")
    func sentAway() async throws {
        for (minutes, goesOn) in [(29, true), (31, false)] as [(Int64, Bool)] {
            let attempt = try await attempt { verb, clock in
                guard verb == "CONNECT" else { return nil }
                clock.pass(.minutes(minutes))
                return "421 4.3.2 busy"
            }
            #expect(attempt.second.isEmpty != goesOn, "\(minutes): \(attempt.second)")
            // It counts as no attempt of the message, but as a next hop out of reach.
            #expect(attempt.outcomes.map(\.result) == [goesOn ? .delivered : .interrupted])
            #expect(attempt.isReached == goesOn)
        }
    }

    @Test(
        "kind: who refuses the connection is named beside its own words, as in a transaction, and they are no word on the message",
        arguments: [("CONNECT", "554", "5.7.1", "not you"), ("CONNECT", "421", "4.3.2", "busy"), ("HELO", "550", "5.7.1", "not you")])
    func refusedConnection(verb: String, code: String, status: String, text: String) async throws {
        let attempt = try await attempt { said, clock in
            guard said == verb || (verb == "HELO" && said == "EHLO") else { return nil }
            clock.pass(.minutes(31))
            return "\(code) \(status) \(text)"
        }
        let outcome = try #require(attempt.outcomes.first)
        #expect(outcome.result == .interrupted && !attempt.isReached)
        #expect("\(outcome.reply)" == "\(code) \(status) \(text)")
        #expect(outcome.remoteHost == "host.test")
    }
}
