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
/// - What a connection that was used before could not do is tried on a fresh one: it may just have been closed.
/// - Where a fresh connection breaks off before the content, perhaps at one of the recipients, they are offered again in halves: one
///   that a server cannot bear does not hold up the others.
/// - Rounds that settle nobody are bounded; those that settle somebody end by themselves. After `longestAttempt` nothing new is begun: a
///   next hop with many slow hosts does not hold a connection's place for hours.
///
/// Confined to the worker's event loop.
final class HopDelivery<Role: LinkRole> where Role.Request == LeaseRequest, Role.Response == LeaseResponse {
    typealias Session = LeaseSession<Role>

    /// A recipient that nothing final is known of.
    private struct Pending {
        let recipient: LeasedRecipient
        /// What counts if nobody else takes it.
        var soFar: RecipientOutcome?
        /// The connection broke off at it, or at one of its fellows.
        var wasCutOff = false
    }

    /// How long an attempt goes on to other hosts, connections and transactions. What is under way then has limits of its own.
    private static var longestAttempt: TimeAmount { .minutes(30) }
    /// Rounds in a row that settle nobody.
    private static var mostFruitlessRounds: Int { 6 }

    private let worker: HopWorker<Role>
    private let session: Session
    private let work: LeasedWork
    private let content: OutgoingContent
    private let stream: StreamSource?
    /// To be offered to the host at hand, a transaction each.
    private var batches: [[Pending]]
    /// To be offered to the hosts after it.
    private var elsewhere: [Pending] = []
    private var outcomes: [RecipientOutcome] = []
    private var plan: HopPlan?
    private var candidate = 0
    private var fruitlessRounds = 0
    private var isReached = false
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

    private var open: OpenConnection? {
        guard let open = session.attachment as? OpenConnection, open.mayCarryMore(generation: worker.generation) else { return nil }
        return open
    }

    private var isOverdue: Bool { worker.now() - begunAt > Self.longestAttempt }

    /// The next step, whatever it is.
    private func proceed() {
        if session.isRevoked { return finish() }
        if isOverdue, !batches.isEmpty || !elsewhere.isEmpty {
            return giveUp(Reply(451, "4.4.1", "the hosts of the next hop took too long together"))
        }
        if !batches.isEmpty {
            if let open { return transact(on: open, isFresh: false) }
            worker.close(session)
            return plan == nil ? resolve() : connect()
        }
        guard !elsewhere.isEmpty else { return finish() }
        if let plan, candidate + 1 < plan.candidates.count {
            batches = [elsewhere]
            elsewhere = []
            candidate += 1
            worker.close(session)
            return connect()
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
        candidate = 0
        proceed()
    }

    // MARK: Reaching a host

    private func resolve() {
        worker.resolve(work).assumeIsolated().whenSuccess { [self] resolution in
            switch resolution {
            case .plan(let plan):
                (self.plan, candidate) = (plan, 0)
                connect()
            case .failure(let reply):
                // A name that is known to lead nowhere is an answer.
                if reply.isPermanentFailure { isReached = true }
                giveUp(reply)
            }
        }
    }

    private func connect() {
        guard let plan, !session.isRevoked else { return finish() }
        connect(to: plan.candidates[candidate], of: plan)
    }

    /// - Parameter settings: others than the candidate's own, where these did not do.
    private func connect(to place: HopPlan.Candidate, of plan: HopPlan, as settings: SMTPClientSettings? = nil) {
        let settings = settings ?? place.settings
        SMTPClientConnection.connect(to: place.endpoint, from: plan.source, settings: settings, on: worker.eventLoop)
            .assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .success(let connection):
                    isReached = true
                    let open = OpenConnection(
                        connection: connection, plan: plan, candidate: candidate, work: work, generation: worker.generation)
                    session.attachment = open
                    if session.isRevoked { return finish() }
                    transact(on: open, isFresh: true)
                case .failure(let error): notConnected(to: place, of: plan, as: settings, error)
                }
            }
    }

    private func notConnected(to place: HopPlan.Candidate, of plan: HopPlan, as settings: SMTPClientSettings, _ error: any Error) {
        let failure = error as? SMTPConnectFailure
        let reply = failure?.reply ?? Reply(451, "4.4.1", "cannot connect: \(error)")
        var metadata: Logger.Metadata = ["queue_id": "\(work.message)", "next_hop": "\(work.nextHop)", "host": "\(place.name)"]
        metadata["reply"] = "\(reply)"
        if failure?.isOfTransportSecurity == true, !session.isRevoked, let inClear = settings.inClear {
            // TLS is welcome and not a condition (RFC 7435): once more, without it.
            worker.log.notice("no TLS with the next hop: sent in clear", metadata: metadata)
            return connect(to: place, of: plan, as: inClear)
        }
        worker.log.log(level: failure?.isOfLogin == true ? .warning : .info, "next hop not reached", metadata: metadata)
        if candidate + 1 < plan.candidates.count, !isOverdue {
            candidate += 1
            connect()
        } else {
            // A server that refuses everybody today may not tomorrow: a 5yz banner is no word on this message.
            giveUp(reply.isPermanentFailure ? Reply(451, "4.4.1", "\(place.name) said: \(reply)") : reply)
        }
    }

    /// There is nobody to offer the rest to.
    private func giveUp(_ reply: Reply) {
        let left = batches.flatMap { $0 } + elsewhere
        (batches, elsewhere) = ([], [])
        for pending in left { settle(pending, unlessKnown: reply) }
        finish()
    }

    // MARK: Transactions

    private func transact(on open: OpenConnection, isFresh: Bool) {
        (plan, candidate) = (open.plan, open.candidate)
        fruitlessRounds += 1
        let batch = batches.removeFirst()
        let message = OutgoingMessage(
            sender: work.sender, recipients: batch.map(\.recipient.recipient), size: Int(work.size),
            has8BitContent: work.has8BitOctets)
        open.connection.deliver(message, content: content).assumeIsolated().whenSuccess { [self] result in
            isReached = true
            ended(batch, on: open, isFresh: isFresh, result)
        }
    }

    private func ended(_ batch: [Pending], on open: OpenConnection, isFresh: Bool, _ result: DeliveryResult) {
        let wasUsed = !isFresh
        tellDelivered(result, on: open)
        var again: [Pending] = []
        for (place, (pending, outcome)) in zip(batch, result.outcomes).enumerated() {
            let host = result.ownWords.contains(place) ? nil : open.host
            var pending = pending
            pending.wasCutOff = false
            switch outcome {
            case .delivered(let reply): settle(pending, .delivered, reply, host)
            case .permanentFailure(let reply): settle(pending, .failed, reply, host)
            case .undetermined(let reply):
                warnOfDouble(pending.recipient, open)
                outcomes.append(Self.outcome(of: pending.recipient, .deferred, reply, host))
            case .transientFailure(let reply):
                pending.soFar = Self.outcome(of: pending.recipient, .deferred, reply, host)
                elsewhere.append(pending)
            case .retryAtOnce(let reply, let where_):
                pending.soFar = Self.outcome(of: pending.recipient, .deferred, reply, host)
                if where_ == .sameConnection || wasUsed {
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
        if stream?.hasBeenAsked == true { releaseOrDefer(wasUsed: wasUsed) }
        // What a used connection could not do is looked up anew; otherwise the same host is asked again.
        if wasUsed, self.open == nil, elsewhere.isEmpty { plan = nil }
        proceed()
    }

    /// The content has been read, and there is no second of it. Where this attempt got somewhere, the core gives the rest out again,
    /// with its content; where it did not, going round at once would have no end.
    private func releaseOrDefer(wasUsed: Bool) {
        let isProgress = wasUsed || outcomes.contains { $0.result == .delivered }
        for pending in batches.flatMap({ $0 }) {
            if isProgress {
                let word = pending.soFar?.reply ?? Reply(451, "4.3.0", "to be sent in another transaction")
                outcomes.append(Self.outcome(of: pending.recipient, .released, word, nil))
            } else {
                settle(pending)
            }
        }
        for pending in elsewhere { settle(pending) }
        (batches, elsewhere) = ([], [])
    }

    // MARK: Outcomes

    private func settle(_ pending: Pending, _ result: RecipientOutcome.Result, _ reply: Reply, _ host: String?) {
        fruitlessRounds = 0
        outcomes.append(Self.outcome(of: pending.recipient, result, reply, host))
    }

    /// Counts as deferred, by the last word on it.
    private func settle(_ pending: Pending, unlessKnown reply: Reply = Reply(451, "4.4.2", "the transaction did not come to an end")) {
        outcomes.append(
            pending.soFar ?? Self.outcome(of: pending.recipient, reply.isPermanentFailure ? .failed : .deferred, reply, nil))
    }

    private func finish() {
        session.finish(outcomes, reached: isReached, askForMore: open != nil && !session.isRevoked)
    }

    private static func outcome(
        of recipient: LeasedRecipient, _ result: RecipientOutcome.Result, _ reply: Reply, _ host: String?
    ) -> RecipientOutcome {
        RecipientOutcome(index: recipient.index, attempts: recipient.attempts, result: result, reply: reply, remoteHost: host)
    }

    /// What protected a message that was taken. Not where TLS is no question, as on a Unix socket: of deliveries as such the core tells.
    private func tellDelivered(_ result: DeliveryResult, on open: OpenConnection) {
        let count = result.outcomes.count(where: \.isDelivered)
        guard count > 0, open.wantsTLS else { return }
        var metadata: Logger.Metadata = [
            "queue_id": "\(work.message)", "connector": "\(work.connector)", "host": "\(open.name)", "recipients": "\(count)",
        ]
        if let security = open.connection.security {
            metadata["tls"] = "\(security.channel.version)"
            metadata["cipher"] = "\(security.channel.cipher)"
            metadata["verified"] = "\(security.isVerified)"
        } else {
            metadata["tls"] = "none"
        }
        worker.log.info("handed over", metadata: metadata)
    }

    private func warnOfDouble(_ recipient: LeasedRecipient, _ open: OpenConnection) {
        worker.log.warning(
            "the server may have taken the message: its reply never came, and the next attempt may double it",
            metadata: ["queue_id": "\(work.message)", "to": "\(recipient.recipient.address)", "host": "\(open.name)"])
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
