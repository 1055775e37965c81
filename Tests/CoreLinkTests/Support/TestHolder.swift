import MailVocabulary
import NIOCore
import NIOPosix

@testable import CoreLink

/// A holder whose worker is the test.
final class TestHolder: Sendable {
    typealias Holder = LeaseHolder<DeliveryLink>

    enum Event: Sendable, Equatable {
        /// Work with whole content; nil where it is a stream.
        case work(LeaseID, ByteBuffer?)
        case idle
        case revoked(LeaseID?)
        case drained
        case log(String)
    }

    private final class State {
        let holder: Holder
        var sessions: [LeaseID: Holder.Session] = [:]
        var streams: [LeaseID: LeasedContentStream] = [:]
        init(_ holder: Holder) { self.holder = holder }
    }

    let loop: any EventLoop
    let log = EventLog<Event>()
    private let state: NIOLoopBound<State>

    static func start(
        at path: String, parked: Int = 1, mostParked: Int = 50, maximum: Int = 1000, renewal: TimeAmount = .hours(1), on loop: any EventLoop
    ) async throws -> TestHolder {
        try await loop.run {
            TestHolder(at: path, parked: parked, mostParked: mostParked, maximum: maximum, renewal: renewal, on: loop)
        }
    }

    private init(at path: String, parked: Int, mostParked: Int, maximum: Int, renewal: TimeAmount, on loop: any EventLoop) {
        self.loop = loop
        var settings = Holder.Settings(to: .init(path: path), holder: 0xB0B, revision: "r1", maximum: maximum)
        settings.parked = parked
        settings.mostParked = mostParked
        settings.renewal = .nanoseconds(renewal.nanoseconds)
        final class Forward { weak var state: State? }
        let forward = Forward()
        let holder = Holder(
            settings: settings, on: loop, log: { [log] in log.add(.log($0)) },
            onWork: { [log] session, work, content in
                forward.state?.sessions[work.lease] = session
                switch content {
                case .whole(let bytes): log.add(.work(work.lease, bytes))
                case .stream(let stream):
                    forward.state?.streams[work.lease] = stream
                    log.add(.work(work.lease, nil))
                }
            },
            onIdle: { [log] session in
                // The worker closes its connection: it must be there still.
                if session.attachment != nil { log.add(.idle) }
            },
            onRevoked: { [log] in log.add(.revoked($0.held?.lease)) })
        let state = State(holder)
        forward.state = state
        self.state = NIOLoopBound(state, eventLoop: loop)
        holder.start()
    }

    func finish(_ lease: LeaseID, _ outcomes: [RecipientOutcome], reached: Bool = true, askForMore: Bool = false) async throws {
        try await loop.run { [state] in
            guard let session = state.value.sessions[lease] else { throw ChannelError.eof }
            if askForMore { session.attachment = Attachment() }
            session.finish(outcomes, reached: reached, askForMore: askForMore)
        }
    }

    private final class Attachment {}

    /// The next chunk of streamed content.
    func next(of lease: LeaseID) async throws -> ByteBuffer? {
        try await loop.flatSubmit { [state, loop] in
            state.value.streams[lease]?.next() ?? loop.makeFailedFuture(ChannelError.eof)
        }.get()
    }

    func drain() async throws { try await loop.run { [state, log] in state.value.holder.drain { log.add(.drained) } } }

    struct Counts: Sendable, Equatable {
        let sessions: Int
        let parked: Int
        let held: Int
        let unrecorded: Int
    }

    var counts: Counts {
        get async throws {
            try await loop.run { [state] in
                let holder = state.value.holder
                return Counts(
                    sessions: holder.sessionCount, parked: holder.parkedCount, held: holder.heldCount, unrecorded: holder.unrecordedCount)
            }
        }
    }
}

extension EventReader where Event == TestHolder.Event {
    /// The next event that is no line of the log.
    func event() async throws -> TestHolder.Event {
        try await first { if case .log = $0 { nil } else { $0 } }
    }
}
