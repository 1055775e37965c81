import CoreLink
import Logging
import MailVocabulary
import NIOCore
import SMTPClient
import SMTPProtocol

/// One piece of leased work on its way to its next hop: transaction after transaction, host after host, until something is known of
/// each recipient.
///
/// - A recipient whom a host defers is offered to the other hosts of the next hop, before it counts as deferred (RFC 5321 §5.1). For
///   content that has been streamed this holds only up to its beginning: it cannot be sent twice.
/// - What one host lacks is no verdict on the message: the other hosts are asked, and only where each of them lacks it is it final.
/// - What a connection that was used before could not do is tried on a fresh one: it may just have been closed.
/// - Where a fresh connection breaks off before the content, perhaps at one of the recipients, they are offered again in halves: one
///   that a server cannot bear does not hold up the others.
/// - Rounds that settle nobody are bounded; those that settle somebody end by themselves. After `longestAttempt` nothing new is begun: a
///   next hop with many slow hosts does not hold a connection's place for hours.
///
/// How hosts are reached is in `HopDelivery+Connecting.swift`, what replies come to in `HopDelivery+Outcomes.swift`.
///
/// Confined to the worker's event loop.
final class HopDelivery<Role: LinkRole> where Role.Request == LeaseRequest, Role.Response == LeaseResponse {
    typealias Session = LeaseSession<Role>

    /// A recipient that nothing final is known of.
    struct Pending {
        let recipient: LeasedRecipient
        /// What counts if nobody else takes it.
        var soFar: RecipientOutcome?
        /// The connection broke off at it, or at one of its fellows.
        var wasCutOff = false
        /// The hosts that say of themselves that they cannot take it.
        var lackedBy: Set<String> = []
    }

    /// How long an attempt goes on to other hosts, connections and transactions. What is under way then has limits of its own.
    private static var longestAttempt: TimeAmount { .minutes(30) }
    /// Rounds in a row that settle nobody.
    static var mostFruitlessRounds: Int { 6 }

    let worker: HopWorker<Role>
    let session: Session
    let work: LeasedWork
    let content: OutgoingContent
    let stream: StreamSource?
    /// To be offered to the host at hand, a transaction each.
    var batches: [[Pending]]
    /// To be offered to the hosts after it.
    var elsewhere: [Pending] = []
    var outcomes: [RecipientOutcome] = []
    var plan: HopPlan?
    /// The candidate of the plan that is at hand.
    var candidate = 0
    /// Candidates that are not asked again in this attempt.
    var tried: Set<Int> = []
    /// Connections that a host refused while it may have counted one that we had just closed.
    var refusalsAfterClose = 0
    var fruitlessRounds = 0
    /// Whether the next hop has answered: a connection came about, or it had a word on the message.
    var isReached = false
    private let begunAt: NIODeadline

    init(worker: HopWorker<Role>, session: Session, work: LeasedWork, content: Session.Content) {
        (self.worker, self.session, self.work) = (worker, session, work)
        begunAt = worker.now()
        switch content {
        case .whole(let bytes): (self.content, stream) = (.buffer(bytes), nil)
        case .stream(let leased):
            let source = StreamSource(leased)
            (self.content, stream) = (.source(source), source)
        }
        batches = [work.recipients.map { Pending(recipient: $0) }]
    }

    func begin() { proceed() }

    var open: OpenConnection? {
        guard let open = session.attachment as? OpenConnection, open.mayCarryMore(generation: worker.generation) else { return nil }
        return open
    }

    var isOverdue: Bool { worker.now() - begunAt > Self.longestAttempt }

    /// The next step, whatever it is.
    func proceed() {
        if session.isRevoked { return finish() }
        if isOverdue, !batches.isEmpty || !elsewhere.isEmpty {
            return giveUp(Reply(451, "4.4.1", "the hosts of the next hop took more than half an hour in all"))
        }
        if !batches.isEmpty {
            if let open { return transact(on: open, isFresh: false) }
            worker.close(session)
            // The host at hand is asked again, unless none is.
            return plan == nil ? resolve() : connect(toNext: tried.isEmpty)
        }
        guard !elsewhere.isEmpty else { return finish() }
        if let plan, tried.count < plan.candidates.count {
            batches = [elsewhere]
            elsewhere = []
            worker.close(session)
            return connect(toNext: true)
        }
        offerInHalves()
    }

    /// No host is left. Those at whom a connection broke off are taken apart from one another, the others wait for the next attempt.
    private func offerInHalves() {
        let cutOff = elsewhere.filter(\.wasCutOff)
        let mayTry = cutOff.count > 1 && fruitlessRounds < Self.mostFruitlessRounds && stream?.hasBeenAsked != true
        for pending in elsewhere where !mayTry || !pending.wasCutOff { settle(pending) }
        elsewhere = []
        guard mayTry else { return proceed() }
        batches = [Array(cutOff[..<(cutOff.count / 2)]), Array(cutOff[(cutOff.count / 2)...])]
        tried = []
        proceed()
    }

    /// There is nobody to offer the rest to.
    ///
    /// - Parameter result: of those that nothing is known of, where the reply does not say that it is for good.
    /// - Parameter host: who refused the connection with this reply, which then is no word on the message, whatever its code.
    func giveUp(_ reply: Reply, as result: RecipientOutcome.Result = .deferred, refusedBy host: String? = nil) {
        let left = batches.flatMap { $0 } + elsewhere
        (batches, elsewhere) = ([], [])
        for pending in left { settle(pending, unlessKnown: reply, as: result, refusedBy: host) }
        finish()
    }

    // MARK: Transactions

    func transact(on open: OpenConnection, isFresh: Bool) {
        (plan, candidate) = (open.plan, open.candidate)
        tried.insert(candidate)
        fruitlessRounds += 1
        let batch = batches.removeFirst()
        let message = OutgoingMessage(
            sender: work.sender, recipients: batch.map(\.recipient.recipient), size: Int(work.size),
            has8BitContent: work.has8BitOctets)
        open.connection.deliver(message, content: content).assumeIsolated().whenSuccess { [self] result in
            ended(batch, on: open, isFresh: isFresh, result)
        }
    }

    private func ended(_ batch: [Pending], on open: OpenConnection, isFresh: Bool, _ result: DeliveryResult) {
        let wasUsed = !isFresh
        tellDelivered(result, on: open)
        if result.refusedExtensions.contains(.chunking) {
            worker.memory.noteRefused([.chunking], by: open.connection.endpoint, now: worker.now())
        }
        var again: [Pending] = []
        var needsFreshConnection = false
        for (place, (pending, outcome)) in zip(batch, result.outcomes).enumerated() {
            let host = result.ownWords.contains(place) ? nil : open.host
            var pending = pending
            pending.wasCutOff = false
            if outcome.isWord { isReached = true }
            switch outcome {
            case .delivered(let reply): settle(pending, .delivered, reply, host)
            case .permanentFailure(let reply): settle(pending, .failed, reply, host)
            case .lacking(let reply):
                pending.soFar = Self.outcome(of: pending.recipient, .deferred, reply, host)
                if wasUsed {
                    // It may have more to offer by now, and so may the hosts before it.
                    needsFreshConnection = true
                    again.append(pending)
                } else {
                    // After HELO nobody knows what it has.
                    if !open.connection.isHelloRefused { pending.lackedBy.insert(open.hostKey) }
                    elsewhere.append(pending)
                }
            case .undetermined(let reply):
                warnOfDouble(pending.recipient, open)
                outcomes.append(Self.outcome(of: pending.recipient, .deferred, reply, host))
            case .transientFailure(let reply):
                pending.soFar = Self.outcome(of: pending.recipient, .deferred, reply, host)
                elsewhere.append(pending)
            case .retryAtOnce(let reply, let where_):
                let isHere = where_ == .sameConnection
                pending.soFar = Self.outcome(of: pending.recipient, isHere ? .deferred : .interrupted, reply, host)
                if isHere || wasUsed || !result.refusedExtensions.isEmpty {
                    again.append(pending)
                } else {
                    pending.wasCutOff = true
                    elsewhere.append(pending)
                }
            }
        }
        if !again.isEmpty { batches.append(again) }
        if fruitlessRounds >= Self.mostFruitlessRounds {
            elsewhere += batches.flatMap { $0 }
            batches = []
        }
        if stream?.hasBeenAsked == true {
            releaseOrDefer(isProgress: wasUsed || !result.refusedExtensions.isEmpty || outcomes.contains { $0.result == .delivered })
        }
        if needsFreshConnection { worker.close(session) }
        // What a used connection could not do is looked up anew; otherwise the same host is asked again.
        if wasUsed, self.open == nil, elsewhere.isEmpty { (plan, tried) = (nil, []) }
        proceed()
    }
}

extension DeliveryOutcome {
    /// Whether the remote server, or what it announced, had something to say of the message: a connection that broke off did not.
    fileprivate var isWord: Bool {
        if case .retryAtOnce(_, .anotherConnection) = self { false } else { true }
    }
}

/// Leased content as the SMTP client pulls it.
final class StreamSource: ContentSource {
    private let stream: LeasedContentStream
    /// Whether any of it has been read: it can be read once only.
    private(set) var hasBeenAsked = false

    init(_ stream: LeasedContentStream) { self.stream = stream }

    func nextChunk() -> EventLoopFuture<ByteBuffer?> {
        hasBeenAsked = true
        return stream.next()
    }
}
