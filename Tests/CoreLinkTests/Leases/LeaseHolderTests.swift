import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreLink

@Suite("Holder of leases", .timeLimit(.minutes(1)))
struct LeaseHolderTests {
    let folder: TemporaryFolder
    let core: ScriptedCore
    let loop: any EventLoop
    static let content = ByteBuffer(string: "Subject: x\r\n\r\nhello\r\n")

    init() throws {
        folder = try TemporaryFolder()
        loop = MultiThreadedEventLoopGroup.singleton.next()
        core = ScriptedCore(at: folder.socket, on: loop)
    }

    @Test("work comes whole, its outcome is said once on its own connection, and is forgotten when it is recorded")
    func wholeWork() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await core.say(.work(work(1)), .content(Self.content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(1), Self.content))
        // Another waits meanwhile.
        let next = try await requests.expect(.lease(preferring: nil))
        #expect(next != session)
        try await holder.finish(lease(1), delivered)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == session)
        #expect(try await requests.expect(.lease(preferring: nil)) == session)
        #expect(try await holder.counts == .init(sessions: 2, parked: 2, held: 0, unrecorded: 1))
        try await core.say(.recorded(lease(1)), on: session)
        // Whatever it is asked about on another connection, it has nothing more to say.
        try await settled(holder, unrecorded: 0)
    }

    @Test("a session with an open connection asks for more of the same, and when there is none closes it and waits for any")
    func moreForTheSameHop() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await core.say(.work(work(1)), .content(Self.content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(1), Self.content))
        _ = try await requests.expect(.lease(preferring: nil))
        try await holder.finish(lease(1), delivered, askForMore: true)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == session)
        #expect(try await requests.expect(.lease(preferring: PreferredHop(connector: "general", nextHop: "domain:example.org"))) == session)
        try await core.say(.recorded(lease(1)), .work(work(2)), .content(Self.content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(2), Self.content))
        try await holder.finish(lease(2), delivered, reached: false, askForMore: true)
        #expect(try await requests.expect(.outcome(work(2).held, delivered, reached: false)) == session)
        _ = try await requests.request()
        try await core.say(.recorded(lease(2)), .idle, on: session)
        #expect(try await events.event() == .idle)
        #expect(try await requests.expect(.lease(preferring: nil)) == session)
        _ = holder
    }

    @Test("large content comes as a stream; a worker that does not read slows the core, and gets every octet when it does")
    func streamedWork() async throws {
        let (holder, requests, events, session) = try await waiting()
        let chunk = ByteBuffer(bytes: (0..<Frame.maximumContent).map { UInt8(truncatingIfNeeded: $0) })
        let times = 200
        try await core.say(.work(work(1, size: UInt64(times * chunk.readableBytes))), on: session)
        #expect(try await events.event() == .work(lease(1), nil))
        try await core.stream(chunk, times: times, on: session)
        let sent = try await requests.first { if case .stalled(let sent) = $0.content { sent } else { nil } }
        // Chunks with the worker, one read, the socket's buffers, and what the core may gather: nowhere near all of it.
        #expect(sent < 2 << 20)
        for _ in 0..<times { #expect(try await holder.next(of: lease(1)) == chunk) }
        #expect(try await holder.next(of: lease(1)) == nil)
        try await holder.finish(lease(1), delivered)
        while true {
            if try await requests.request().request
                == .outcome(work(1, size: UInt64(times * chunk.readableBytes)).held, delivered, reached: true)
            {
                break
            }
        }
    }

    @Test("a worker that finishes before it has read the content gets the next work's content, not the rest of the last")
    func finishedEarly() async throws {
        let (holder, requests, events, session) = try await waiting()
        let chunk = ByteBuffer(repeating: 0x6F, count: Frame.maximumContent)
        try await core.say(.work(work(1, size: UInt64(50 * chunk.readableBytes))), on: session)
        #expect(try await events.event() == .work(lease(1), nil))
        _ = try await requests.expect(.lease(preferring: nil))
        try await core.stream(chunk, times: 50, on: session)
        try await requests.first { if case .stalled = $0.content { true } else { nil } }
        try await holder.finish(lease(1), [], askForMore: true)
        try await requests.first {
            if case .request(.lease(preferring: .some)) = $0.content { true } else { nil }
        }
        await #expect(throws: LeasedContentStream.Unavailable.self) { _ = try await holder.next(of: lease(1)) }
        try await core.say(.recorded(lease(1)), .work(work(2)), .content(Self.content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(2), Self.content))
    }

    @Test("content of another length than announced is not handed over as a message", arguments: [1, -1])
    func wrongLength(difference: Int) async throws {
        let (holder, requests, events, session) = try await waiting()
        let size = UInt64(Self.content.readableBytes + difference)
        try await core.say(.work(work(1, size: size)), .content(Self.content), .contentEnded, on: session)
        if difference > 0 {
            let word = Reply(451, "4.3.0", "the queued content is not whole")
            let outcomes = work(1).recipients.map {
                RecipientOutcome(index: $0.index, attempts: $0.attempts, result: .deferred, reply: word)
            }
            _ = try await requests.first {
                if case .request(.outcome(let held, outcomes, reached: true)) = $0.content, held.lease == lease(1) { true } else { nil }
            }
        } else {
            // More than announced: the core cannot be followed any further on this connection.
            try await requests.closed(session)
        }
        // The holder hears of the core's end after all that the core said, and says so.
        try await core.die()
        let event = try await events.first { event -> TestHolder.Event? in
            switch event {
            case .log(let line): line.contains("next attempt") ? event : nil
            default: event
            }
        }
        guard case .log = event else { throw ChannelError.eof }
        _ = holder
    }

    @Test("a stream that breaks off, or ends short, fails for its worker", arguments: ["unavailable", "short", "closed"])
    func brokenStream(how: String) async throws {
        let (holder, requests, events, session) = try await waiting()
        try await core.say(.work(work(1, size: 1 << 20)), .content(Self.content), on: session)
        #expect(try await events.event() == .work(lease(1), nil))
        _ = try await requests.expect(.lease(preferring: nil))
        #expect(try await holder.next(of: lease(1)) == Self.content)
        switch how {
        case "unavailable": try await core.say(.contentUnavailable, on: session)
        case "short": try await core.say(.contentEnded, on: session)
        default: try await core.close(session)
        }
        await #expect(throws: LeasedContentStream.Unavailable.self) { _ = try await holder.next(of: lease(1)) }
        try await holder.finish(lease(1), deferred)
        // On its own connection, or on the first one where that is gone.
        let (connection, request) = try await requests.request()
        #expect(request == .outcome(work(1).held, deferred, reached: true))
        #expect(connection == (how == "closed" ? 1 : session))
    }

    @Test("while it waits the holder renews what it works on, over its first connection")
    func renewal() async throws {
        try await core.listen()
        let holder = try await TestHolder.start(at: folder.socket, renewal: .milliseconds(1), on: loop)
        let (requests, events) = (EventReader(core.log.stream), EventReader(holder.log.stream))
        let main = try await requests.expect(.present([]))
        try await core.say(.confirmed([]), on: main)
        let session = try await requests.expect(.lease(preferring: nil))
        try await core.say(.work(work(1)), .content(Self.content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(1), Self.content))
        let connection = try await requests.first { $0.content == .request(.renew([lease(1)])) ? $0.connection : nil }
        #expect(connection == main)
    }

    @Test("after a burst only so many sessions go on to wait; the others end")
    func surplus() async throws {
        try await core.listen()
        let holder = try await TestHolder.start(at: folder.socket, parked: 1, mostParked: 2, on: loop)
        let (requests, events) = (EventReader(core.log.stream), EventReader(holder.log.stream))
        try await core.say(.confirmed([]), on: try await requests.expect(.present([])))
        var sessions: [Int] = []
        for number in 1...5 as ClosedRange<UInt32> {
            let session = try await requests.expect(.lease(preferring: nil))
            try await core.say(.work(work(number)), .content(Self.content), .contentEnded, on: session)
            #expect(try await events.event() == .work(lease(number), Self.content))
            sessions.append(session)
        }
        _ = try await requests.expect(.lease(preferring: nil))
        #expect(try await holder.counts == .init(sessions: 6, parked: 1, held: 5, unrecorded: 0))
        for number in 1...5 as ClosedRange<UInt32> {
            try await holder.finish(lease(number), delivered)
            try await core.say(.recorded(lease(number)), on: sessions[Int(number) - 1])
        }
        // In whatever order.
        var open = Set(sessions.dropFirst())
        while !open.isEmpty {
            let event = try await requests.next()
            if event.content == .closed { #expect(open.remove(event.connection) != nil) }
        }
        #expect(try await holder.counts == .init(sessions: 2, parked: 2, held: 0, unrecorded: 0))
    }

    @Test("no more sessions than the limit, however much work there is")
    func maximum() async throws {
        try await core.listen()
        let holder = try await TestHolder.start(at: folder.socket, maximum: 2, on: loop)
        let (requests, events) = (EventReader(core.log.stream), EventReader(holder.log.stream))
        try await core.say(.confirmed([]), on: try await requests.expect(.present([])))
        for number in 1...2 as ClosedRange<UInt32> {
            let session = try await requests.expect(.lease(preferring: nil))
            try await core.say(.work(work(number)), .content(Self.content), .contentEnded, on: session)
            #expect(try await events.event() == .work(lease(number), Self.content))
        }
        #expect(try await holder.counts == .init(sessions: 2, parked: 0, held: 2, unrecorded: 0))
        // One that ends makes room.
        try await holder.finish(lease(2), delivered)
        _ = try await requests.expect(.outcome(work(2).held, delivered, reached: true))
        _ = try await requests.expect(.lease(preferring: nil))
        #expect(try await holder.counts.sessions == 2)
    }

    @Test("long words of remote servers are cut so that the outcomes of one lease fit into one frame")
    func longReplies() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await core.say(.work(work(1)), .content(Self.content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(1), Self.content))
        _ = try await requests.expect(.lease(preferring: nil))
        let reply = Reply(550, nil, lines: Array(repeating: "é\u{1}" + String(repeating: "x", count: 2000), count: 100))
        let outcomes = (0..<100).map {
            RecipientOutcome(index: $0, attempts: 0, result: .failed, reply: reply, remoteHost: String(repeating: "h", count: 5000))
        }
        try await holder.finish(lease(1), outcomes)
        guard case .outcome(_, let said, _) = try await requests.request().request else { throw ChannelError.eof }
        #expect(said.count == 100)
        #expect(said.allSatisfy { $0.reply.code == 550 && $0.reply.lines[0].hasPrefix("é?xxx") && $0.remoteHost?.isEmpty == false })
    }

    @Test("a core that says what it may not loses that connection; the holder goes on with another")
    func violation() async throws {
        let (holder, requests, _, session) = try await waiting()
        try await core.say(.confirmed([]), on: session)
        try await requests.closed(session)
        #expect(try await requests.expect(.lease(preferring: nil)) > session)
        _ = holder
    }

    // MARK: Steps

    /// A holder that has presented nothing and waits for work.
    private func waiting() async throws -> (
        TestHolder, EventReader<ScriptedCore.Event>, EventReader<TestHolder.Event>, session: Int
    ) {
        try await core.listen()
        let holder = try await TestHolder.start(at: folder.socket, on: loop)
        let requests = EventReader(core.log.stream)
        try await core.say(.confirmed([]), on: try await requests.expect(.present([])))
        let session = try await requests.expect(.lease(preferring: nil))
        return (holder, requests, EventReader(holder.log.stream), session)
    }

    private func settled(_ holder: TestHolder, unrecorded: Int) async throws {
        // Each turn of the loop may be the one that hears of it.
        while try await holder.counts.unrecorded != unrecorded { try Task.checkCancellation() }
    }
}

func lease(_ number: UInt32) -> LeaseID { LeaseID(epoch: 1, number: number) }

func work(_ number: UInt32, size: UInt64 = UInt64(LeaseHolderTests.content.readableBytes)) -> LeasedWork {
    LeasedWork(
        lease: lease(number), message: QueueID(value: 1_764_000_000_000_000 + Int64(number)), connector: "general",
        nextHop: "domain:example.org", sender: EnvelopeSender(reversePath: .null), receivedAt: Timestamp(seconds: 1_764_000_000),
        size: size,
        has8BitOctets: false, recipients: [LeasedRecipient(index: 0, attempts: 1, recipient: Samples.recipient)])
}

let delivered = [
    RecipientOutcome(index: 0, attempts: 1, result: .delivered, reply: Reply(250, "2.0.0", "taken"), remoteHost: "mx.example.org")
]
let deferred = [RecipientOutcome(index: 0, attempts: 1, result: .deferred, reply: Reply(451, "4.4.2", "broke off"))]
