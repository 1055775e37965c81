import MailVocabulary
import NIOCore

/// One connection of a holder to the core, and the lease that it carries.
///
/// Confined to its event loop. The worker gets work, finishes it with an outcome for each recipient, and either asks for more for the
/// same next hop or lets go.
public final class LeaseSession<Role: LinkRole> where Role.Request == LeaseRequest, Role.Response == LeaseResponse {
    /// The content of leased work.
    public enum Content {
        /// All of it.
        case whole(ByteBuffer)
        /// Chunk by chunk, as the receiver asks.
        case stream(LeasedContentStream)
    }

    /// Content up to this many octets is handed over whole.
    static var wholeContentLimit: UInt64 { 128 * 1024 }

    enum State {
        case connecting
        /// Asked for work: for the next hop that a connection stands open to, or for any.
        case asking(preferring: Bool)
        /// The work is here, its content is on the way; collected here, or passed on to the worker by a stream.
        case receiving(LeasedWork, LeasedContentStream?)
        /// The content is here as far as it will come.
        case working(LeasedWork)
        /// Asks for no more; stays until what it said is recorded.
        case reporting
        case ended
    }

    private(set) var state = State.connecting {
        didSet { holder?.changed(from: oldValue.kind, to: state.kind) }
    }
    private weak var holder: LeaseHolder<Role>?
    private let eventLoop: any EventLoop
    private var client: LinkClient<Role>?
    private var stream: LeasedContentStream?
    private var wholeContent = ByteBuffer()
    /// Octets of the content that have not come yet.
    private var missing: UInt64 = 0
    /// Outcomes that were said on this connection and are not recorded yet.
    private var said: Set<LeaseID> = []
    /// The work at hand belongs to somebody else now, or will: nothing more of it is to be done.
    public private(set) var isRevoked = false
    /// Whatever the worker wants to keep with the session: its open connection to the next hop.
    public var attachment: AnyObject?

    init(holder: LeaseHolder<Role>) { (self.holder, eventLoop) = (holder, holder.eventLoop) }

    /// The lease that is being worked on, as the core wants to hear of it.
    var held: HeldLease? { currentWork?.held }

    var isConnecting: Bool {
        if case .connecting = state { true } else { false }
    }

    private var hasEnded: Bool {
        if case .ended = state { true } else { false }
    }

    func begin(_ client: LinkClient<Role>) {
        self.client = client
        client.connection.onMessage = { [weak self] in self?.received($0) }
        client.connection.onClosed = { [weak self] _ in self?.connectionLost() }
        ask(preferring: nil)
        client.connection.flush()
    }

    /// Reports what became of the recipients, and asks for more work for the same next hop. The worker is called again with it, or
    /// told `idle`. Without work at hand it does nothing.
    ///
    /// - Parameters:
    ///   - outcomes: of each recipient; those not named are released.
    ///   - reached: false where the next hop could not be reached at all.
    ///   - askForMore: the worker's connection to the next hop stands open for more.
    public func finish(_ outcomes: [RecipientOutcome], reached: Bool = true, askForMore: Bool) {
        guard let work = currentWork, let holder else { return }
        holder.remember(work.held, RecipientOutcome.fitting(outcomes), reached: reached)
        // First, so that what still comes of the content is dropped.
        state = .reporting
        let stream = stream
        self.stream = nil
        stream?.cancel()
        guard !hasEnded, let client, client.connection.isOpen else {
            // The core went away meanwhile: the holder says it when it is back.
            dropAttachment()
            end()
            holder.deliverRemembered(work.lease)
            return
        }
        said.insert(work.lease)
        holder.say(work.lease, on: client.connection)
        if askForMore, holder.mayAsk {
            ask(preferring: PreferredHop(connector: work.connector, nextHop: work.nextHop))
        } else {
            dropAttachment()
            askForAny()
        }
        client.connection.flush()
    }

    /// Asks for no more work, and ends as soon as there is nothing to report.
    func drain() {
        switch state {
        case .connecting, .asking, .reporting: letGo()
        case .receiving, .working, .ended: break
        }
    }

    /// Lets the work go untouched, and the session with it.
    func end() {
        guard !hasEnded else { return }
        dropAttachment()
        state = .ended
        let stream = stream
        self.stream = nil
        stream?.cancel()
        client?.connection.onClosed = { _ in }
        client?.connection.close()
        client = nil
        holder?.ended(self)
    }

    private var currentWork: LeasedWork? {
        switch state {
        case .receiving(let work, _), .working(let work): work
        case .connecting, .asking, .reporting, .ended: nil
        }
    }

    private func ask(preferring hop: PreferredHop?) {
        state = .asking(preferring: hop != nil)
        client?.connection.send(.lease(preferring: hop))
    }

    /// Waits for any work, unless enough sessions do.
    private func askForAny() {
        if let holder, holder.mayAsk, holder.keepsParked { ask(preferring: nil) } else { letGo() }
    }

    private func letGo() {
        dropAttachment()
        if said.isEmpty { end() } else { state = .reporting }
    }

    /// The worker closes its connection to the next hop in an orderly way.
    private func dropAttachment() {
        if attachment != nil { holder?.onIdle(self) }
        attachment = nil
    }

    private func received(_ response: LeaseResponse) {
        switch (response, state) {
        case (.work(let work), .asking): begin(work)
        case (.content(let chunk), .receiving): take(chunk)
        case (.contentEnded, .receiving(let work, _)): contentEnded(work, isWhole: missing == 0)
        case (.contentUnavailable, .receiving(let work, _)): contentUnavailable(work, outcomes: [])
        case (.content, .working), (.contentEnded, .working), (.contentUnavailable, .working),
            (.content, .asking), (.contentEnded, .asking), (.contentUnavailable, .asking):
            // What was under way when the worker finished before it had read all of the content.
            break
        case (.idle, .asking(preferring: true)):
            dropAttachment()
            askForAny()
        case (.recorded(let lease), _):
            said.remove(lease)
            if case .reporting = state, said.isEmpty { end() }
            holder?.recorded(lease)
        case (_, .reporting):
            // Asked before it was to ask no more. The core takes work back when the connection ends.
            break
        default: connectionLost()
        }
    }

    private func begin(_ work: LeasedWork) {
        isRevoked = false
        missing = work.size
        wholeContent = ByteBuffer()
        if work.size <= Self.wholeContentLimit {
            state = .receiving(work, nil)
        } else {
            let stream = LeasedContentStream(connection: client?.connection, eventLoop: eventLoop)
            self.stream = stream
            state = .receiving(work, stream)
            handOver(work, .stream(stream))
        }
    }

    private func handOver(_ work: LeasedWork, _ content: Content) {
        guard let holder else { return }
        holder.fill()
        holder.onWork(self, work, content)
    }

    private func take(_ chunk: ByteBuffer) {
        guard UInt64(chunk.readableBytes) <= missing else { return connectionLost() }
        missing -= UInt64(chunk.readableBytes)
        if let stream {
            stream.received(chunk)
        } else if wholeContent.readableBytes == 0 {
            wholeContent = chunk
        } else {
            wholeContent.writeImmutableBuffer(chunk)
        }
    }

    private func contentEnded(_ work: LeasedWork, isWhole: Bool) {
        guard isWhole else {
            // A message is delivered whole or not at all.
            let word = Reply(451, "4.3.0", "the queued content is not whole")
            return contentUnavailable(
                work,
                outcomes: work.recipients.map { RecipientOutcome(index: $0.index, attempts: $0.attempts, result: .deferred, reply: word) })
        }
        state = .working(work)
        if let stream {
            stream.finished()
        } else {
            let content = wholeContent
            wholeContent = ByteBuffer()
            handOver(work, .whole(content))
        }
    }

    private func contentUnavailable(_ work: LeasedWork, outcomes: [RecipientOutcome]) {
        state = .working(work)
        if let stream {
            // The worker learns it from its stream, and finishes.
            stream.failed()
        } else {
            wholeContent = ByteBuffer()
            finish(outcomes, askForMore: false)
        }
    }

    /// The core went away, or said what it may not say. Work whose content is here goes on; its outcome is said when the core is back.
    private func connectionLost() {
        guard !hasEnded, let client else { return }
        self.client = nil
        client.connection.onClosed = { _ in }
        client.connection.close()
        holder?.connectionLost()
        let said = said
        self.said = []
        switch state {
        case .working: break
        // The worker learns it from its stream, and finishes.
        case .receiving(_, let stream?): stream.failed()
        case .receiving(_, nil), .connecting, .asking, .reporting, .ended: end()
        }
        for lease in said { holder?.deliverRemembered(lease) }
    }

    /// The core does not know this lease any more: whatever has not been done must not be.
    func revoked() {
        isRevoked = true
        holder?.onRevoked(self)
    }
}

extension LeaseSession.State {
    /// What the holder counts.
    enum Kind { case parked, holding, other }

    var kind: Kind {
        switch self {
        case .connecting, .asking(preferring: false): .parked
        case .receiving, .working: .holding
        case .asking(preferring: true), .reporting, .ended: .other
        }
    }
}

extension LeasedWork {
    /// As the core is told of it.
    var held: HeldLease { HeldLease(lease: lease, message: message, recipients: recipients.map(\.index)) }
}
