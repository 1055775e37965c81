import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreLink

@Suite("Leases over a restart of the core", .timeLimit(.minutes(1)))
struct CoreRestartTests {
    let folder: TemporaryFolder
    let core: ScriptedCore
    let loop: any EventLoop
    private let content = LeaseHolderTests.content

    init() throws {
        folder = try TemporaryFolder()
        loop = MultiThreadedEventLoopGroup.singleton.next()
        core = ScriptedCore(at: folder.socket, on: loop)
    }

    @Test("restart while asking: the holder presents nothing, and asks again")
    func whileAsking() async throws {
        let (holder, requests, _, _) = try await waiting()
        let main = try await restart(requests, presenting: [])
        try await core.say(.confirmed([]), on: main)
        _ = try await requests.expect(.lease(preferring: nil))
        #expect(try await holder.counts == .init(sessions: 1, parked: 1, held: 0, unrecorded: 0))
        _ = holder
    }

    @Test("restart while small content is on the way: that work was never begun, and is not presented")
    func whileReceivingWhole() async throws {
        let (holder, requests, _, session) = try await waiting()
        try await core.say(.work(work(1)), on: session)
        while try await holder.counts.held == 0 { try Task.checkCancellation() }
        let main = try await restart(requests, presenting: [])
        try await core.say(.confirmed([]), on: main)
        _ = try await requests.expect(.lease(preferring: nil))
        #expect(try await holder.counts.held == 0)
    }

    @Test("restart while content streams: the worker's stream fails, and what it says of the lease is said to the new core")
    func whileStreaming() async throws {
        let (holder, requests, events, session) = try await waiting()
        let large = work(1, size: 1 << 20)
        try await core.say(.work(large), .content(content), on: session)
        #expect(try await events.event() == .work(lease(1), nil))
        _ = try await requests.expect(.lease(preferring: nil))
        let main = try await restart(requests, presenting: [large.held])
        try await core.say(.confirmed([lease(1)]), on: main)
        #expect(try await holder.next(of: lease(1)) == content)
        await #expect(throws: LeasedContentStream.Unavailable.self) { _ = try await holder.next(of: lease(1)) }
        _ = try await requests.expect(.lease(preferring: nil))
        try await holder.finish(lease(1), deferred)
        #expect(try await requests.expect(.outcome(large.held, deferred, reached: true)) == main)
    }

    @Test("restart while working: the lease is presented, the work goes on, and its outcome is said over the first connection")
    func whileWorking() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await begin(1, on: session, requests, events)
        let main = try await restart(requests, presenting: [work(1).held])
        // Nothing is asked for before the core has said what is still held.
        #expect(try await holder.counts == .init(sessions: 1, parked: 0, held: 1, unrecorded: 0))
        try await core.say(.confirmed([lease(1)]), on: main)
        _ = try await requests.expect(.lease(preferring: nil))
        try await holder.finish(lease(1), delivered)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == main)
        try await core.say(.recorded(lease(1)), on: main)
        while try await holder.counts.unrecorded > 0 { try Task.checkCancellation() }
    }

    @Test("restart and the work ends before the core is back: the outcome waits, and is said once it has confirmed")
    func finishedMeanwhile() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await begin(1, on: session, requests, events)
        try await core.die()
        try await requests.closed(session)
        // The holder hears of it in its own time; only then the outcome has nowhere to go.
        try await events.first { if case .log = $0 { true } else { nil } }
        try await holder.finish(lease(1), delivered)
        try await core.listen()
        let main = try await requests.expect(.present([work(1).held]))
        try await core.say(.confirmed([lease(1)]), on: main)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == main)
    }

    @Test("restart after the outcome was said and before it was recorded: it is presented and said again", arguments: [true, false])
    func unrecorded(isConfirmed: Bool) async throws {
        let (holder, requests, events, session) = try await waiting()
        try await begin(1, on: session, requests, events)
        try await holder.finish(lease(1), delivered)
        _ = try await requests.expect(.outcome(work(1).held, delivered, reached: true))
        let main = try await restart(requests, presenting: [work(1).held])
        // Where the core does not know the lease any more, what is final counts all the same.
        try await core.say(.confirmed(isConfirmed ? [lease(1)] : []), on: main)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == main)
        try await core.say(.recorded(lease(1)), on: main)
        while try await holder.counts.unrecorded > 0 { try Task.checkCancellation() }
        #expect(try await events.first { if case .revoked = $0 { true } else if case .log = $0 { false } else { nil } } == false)
    }

    @Test("work on leases that the core does not confirm is stopped, other work is not")
    func revoked() async throws {
        let (holder, requests, events, first) = try await waiting()
        try await core.say(.work(work(1)), .content(content), .contentEnded, on: first)
        #expect(try await events.event() == .work(lease(1), content))
        let second = try await requests.expect(.lease(preferring: nil))
        try await begin(2, on: second, requests, events)
        try await core.die()
        try await requests.closed(second)
        try await core.listen()
        let (main, request) = try await requests.request()
        guard case .present(let presented) = request else { throw Unexpected(request: request) }
        #expect(Set(presented) == [work(1).held, work(2).held])
        try await core.say(.confirmed([lease(2)]), on: main)
        #expect(try await events.event() == .revoked(lease(1)))
        _ = try await requests.expect(.lease(preferring: nil))
        #expect(try await holder.counts.held == 2)
    }

    @Test("only the first connection breaks: who waits asks anew, since the core has forgotten them, and work goes on")
    func firstConnectionBreaks() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await core.say(.work(work(1)), .content(content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(1), content))
        let parked = try await requests.expect(.lease(preferring: nil))
        try await core.close(1)
        try await requests.closed(parked)
        let main = try await requests.expect(.present([work(1).held]))
        try await core.say(.confirmed([lease(1)]), on: main)
        _ = try await requests.expect(.lease(preferring: nil))
        // Its own connection stands.
        try await holder.finish(lease(1), delivered)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == session)
    }

    @Test("only a session's connection breaks, its outcome said and not recorded: it is said again over the first one")
    func sessionBreaks() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await begin(1, on: session, requests, events)
        try await holder.finish(lease(1), delivered)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == session)
        _ = try await requests.expect(.lease(preferring: nil))
        try await core.close(session)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == 1)
        try await core.say(.recorded(lease(1)), on: 1)
        while try await holder.counts.unrecorded > 0 { try Task.checkCancellation() }
    }

    @Test("drain ends who waits, finishes what is at hand, and says farewell only when all is recorded")
    func drain() async throws {
        let (holder, requests, events, session) = try await waiting()
        let parked = try await begin(1, on: session, requests, events)
        try await holder.drain()
        try await requests.closed(parked)
        try await holder.finish(lease(1), delivered, askForMore: true)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == session)
        #expect(try await events.event() == .idle)
        #expect(try await holder.counts == .init(sessions: 1, parked: 0, held: 0, unrecorded: 1))
        try await core.say(.recorded(lease(1)), on: session)
        #expect(try await events.event() == .drained)
        #expect(try await requests.expect(.farewell) == 1)
        try await requests.closed(1)
        #expect(try await holder.counts == .init(sessions: 0, parked: 0, held: 0, unrecorded: 0))
    }

    @Test("drain while the core is away waits for it to come back and record")
    func drainDuringRestart() async throws {
        let (holder, requests, events, session) = try await waiting()
        try await begin(1, on: session, requests, events)
        try await core.die()
        try await requests.closed(session)
        try await holder.drain()
        try await events.first { if case .log = $0 { true } else { nil } }
        try await holder.finish(lease(1), delivered)
        try await core.listen()
        let main = try await requests.expect(.present([work(1).held]))
        try await core.say(.confirmed([lease(1)]), on: main)
        #expect(try await requests.expect(.outcome(work(1).held, delivered, reached: true)) == main)
        try await core.say(.recorded(lease(1)), on: main)
        #expect(try await events.event() == .drained)
        #expect(try await requests.expect(.farewell) == main)
    }

    @Test("drain while a session is connecting leaves no connection behind")
    func drainWhileConnecting() async throws {
        try await core.listen()
        let holder = try await TestHolder.start(at: folder.socket, parked: 20, on: loop)
        let (requests, events) = (EventReader(core.log.stream), EventReader(holder.log.stream))
        let main = try await requests.expect(.present([]))
        try await core.say(.confirmed([]), on: main)
        while try await holder.counts.sessions == 0 { try Task.checkCancellation() }
        try await holder.drain()
        #expect(try await events.event() == .drained)
        // Every connection that was opened is closed again, the first one last or not.
        var open: Set<Int> = [main]
        var hasSaidFarewell = false
        while !open.isEmpty {
            let event = try await requests.next()
            switch event.content {
            case .opened: open.insert(event.connection)
            case .closed: open.remove(event.connection)
            case .request(.farewell): hasSaidFarewell = true
            case .request, .stalled: break
            }
        }
        #expect(hasSaidFarewell)
    }

    // MARK: Steps

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

    /// Gives out work and waits until the worker has it, and until another session waits.
    @discardableResult
    private func begin(
        _ number: UInt32, on session: Int, _ requests: EventReader<ScriptedCore.Event>, _ events: EventReader<TestHolder.Event>
    ) async throws -> Int {
        try await core.say(.work(work(number)), .content(content), .contentEnded, on: session)
        #expect(try await events.event() == .work(lease(number), content))
        return try await requests.expect(.lease(preferring: nil))
    }

    /// The core dies and comes back.
    ///
    /// - Returns: the holder's new first connection.
    private func restart(_ requests: EventReader<ScriptedCore.Event>, presenting held: [HeldLease]) async throws -> Int {
        try await core.die()
        try await core.listen()
        while true {
            // Of what was said before the end, the rest.
            let (connection, request) = try await requests.request()
            if case .present(let presented) = request {
                #expect(presented == held)
                return connection
            }
        }
    }
}
