import CoreLink
import Logging
import MailVocabulary
import NIOCore
import SMTPClient
import SMTPProtocol

/// Delivers leased work over SMTP or LMTP: finds a connection, or keeps the one at hand, runs the transaction, and says what became
/// of each recipient.
///
/// Confined to one event loop; it holds no state of its own besides what it was made with: a connection belongs to the session that
/// opened it.
public final class HopWorker<Role: LinkRole> where Role.Request == LeaseRequest, Role.Response == LeaseResponse {
    public typealias Session = LeaseSession<Role>

    private let eventLoop: any EventLoop
    private let log: Logger
    private let resolve: (LeasedWork) -> EventLoopFuture<HopResolution>
    /// Transactions on fresh connections for one piece of work, before what is left counts as deferred.
    private static var mostRounds: Int { 3 }

    /// - Parameter resolve: how to reach the work's next hop; its future is of `eventLoop` and does not fail.
    public init(on eventLoop: any EventLoop, log: Logger, resolve: @escaping (LeasedWork) -> EventLoopFuture<HopResolution>) {
        (self.eventLoop, self.log, self.resolve) = (eventLoop, log, resolve)
    }

    /// An open connection, as a session keeps it between leases.
    private final class OpenConnection {
        let connection: SMTPClientConnection
        let name: String
        let messagesPerConnection: Int?

        init(connection: SMTPClientConnection, name: String, messagesPerConnection: Int?) {
            (self.connection, self.name, self.messagesPerConnection) = (connection, name, messagesPerConnection)
        }

        var mayCarryMore: Bool {
            connection.isReusable && messagesPerConnection.map { connection.transactionCount < $0 } ?? true
        }
    }

    /// One piece of work on its way.
    private final class Job {
        let session: Session
        let work: LeasedWork
        let content: Session.Content
        var pending: [LeasedRecipient]
        var outcomes: [RecipientOutcome] = []
        var rounds = 0

        init(session: Session, work: LeasedWork, content: Session.Content) {
            (self.session, self.work, self.content, pending) = (session, work, content, work.recipients)
        }

        var contentCanBeSentAgain: Bool {
            if case .whole = content { true } else { false }
        }
    }

    /// Begins; the session is told the outcome when there is one.
    public func begin(_ session: Session, _ work: LeasedWork, _ content: Session.Content) {
        let job = Job(session: session, work: work, content: content)
        if let open = session.attachment as? OpenConnection {
            if open.mayCarryMore { return transact(job, on: open, isFresh: false) }
            close(session)
        }
        connect(job)
    }

    /// Ends the session's connection to its next hop in an orderly way.
    public func close(_ session: Session) {
        (session.attachment as? OpenConnection)?.connection.quit()
        session.attachment = nil
    }

    /// Ends the session's connection at once: its lease is somebody else's now.
    public func abort(_ session: Session) {
        (session.attachment as? OpenConnection)?.connection.close()
        session.attachment = nil
    }

    private func connect(_ job: Job) {
        resolve(job.work).assumeIsolated().whenSuccess { [self] resolution in
            switch resolution {
            case .plan(let plan): connect(job, plan, candidate: 0)
            case .failure(let reply):
                giveUp(job, reply: reply, remoteHost: nil, reached: !reply.isTransientFailure)
            }
        }
    }

    private func connect(_ job: Job, _ plan: HopPlan, candidate index: Int) {
        let candidate = plan.candidates[index]
        SMTPClientConnection.connect(to: candidate.endpoint, from: plan.source, settings: plan.settings, on: eventLoop)
            .assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .success(let connection):
                    let open = OpenConnection(
                        connection: connection, name: candidate.name, messagesPerConnection: plan.messagesPerConnection)
                    job.session.attachment = open
                    transact(job, on: open, isFresh: true)
                case .failure(let error):
                    let reply = (error as? SMTPConnectFailure)?.reply ?? Reply(451, "4.4.1", "cannot connect: \(error)")
                    log.info(
                        "next hop not reached",
                        metadata: [
                            "queue_id": "\(job.work.message)", "next_hop": "\(job.work.nextHop)", "host": "\(candidate.name)",
                            "reply": "\(reply)",
                        ])
                    if index + 1 < plan.candidates.count {
                        connect(job, plan, candidate: index + 1)
                    } else {
                        // A server that refuses everybody today may not tomorrow: a 5yz banner is no word on this message.
                        let transient = reply.isPermanentFailure ? Reply(451, "4.4.1", "\(candidate.name) said: \(reply)") : reply
                        giveUp(job, reply: transient, remoteHost: candidate.name, reached: false)
                    }
                }
            }
    }

    private func transact(_ job: Job, on open: OpenConnection, isFresh: Bool) {
        job.rounds += 1
        let message = OutgoingMessage(
            sender: job.work.sender, recipients: job.pending.map(\.recipient), size: Int(job.work.size),
            has8BitContent: job.work.has8BitOctets)
        let content: OutgoingContent =
            switch job.content {
            case .whole(let bytes): .buffer(bytes)
            case .stream(let stream): .source(StreamSource(stream))
            }
        open.connection.deliver(message, content: content).assumeIsolated().whenSuccess { [self] result in
            ended(job, on: open, isFresh: isFresh, result)
        }
    }

    private func ended(_ job: Job, on open: OpenConnection, isFresh: Bool, _ result: DeliveryResult) {
        var again: [LeasedRecipient] = []
        var place = DeliveryOutcome.RetryPlace.sameConnection
        for (recipient, outcome) in zip(job.pending, result.outcomes) {
            if case .retryAtOnce(_, let where_) = outcome, job.rounds < Self.mostRounds || !isFresh {
                again.append(recipient)
                if where_ == .anotherConnection { place = .anotherConnection }
            } else {
                job.outcomes.append(self.outcome(outcome, of: recipient, work: job.work, host: open.name))
            }
        }
        job.pending = again
        let mayGoOn = result.connection == .reusable && open.mayCarryMore
        if !mayGoOn { close(job.session) }
        guard !again.isEmpty else {
            return job.session.finish(job.outcomes, askForMore: mayGoOn)
        }
        guard job.contentCanBeSentAgain else {
            // The stream has been read. Where some recipients were taken, the core gives the rest out again, with its content; where
            // none was, going round at once would have no end.
            let result: RecipientOutcome.Result = job.outcomes.contains { $0.result == .delivered } ? .released : .deferred
            let word = Reply(451, "4.3.0", "to be sent in another transaction")
            job.outcomes += again.map {
                RecipientOutcome(index: $0.index, attempts: $0.attempts, result: result, reply: word, remoteHost: open.name)
            }
            return job.session.finish(job.outcomes, askForMore: mayGoOn)
        }
        if place == .sameConnection, mayGoOn {
            transact(job, on: open, isFresh: false)
        } else {
            close(job.session)
            connect(job)
        }
    }

    private func outcome(_ outcome: DeliveryOutcome, of recipient: LeasedRecipient, work: LeasedWork, host: String) -> RecipientOutcome {
        let result: RecipientOutcome.Result
        switch outcome {
        case .delivered: result = .delivered
        case .transientFailure, .retryAtOnce: result = .deferred
        case .permanentFailure: result = .failed
        case .undetermined:
            result = .deferred
            log.warning(
                "the server may have taken the message: its reply never came, and the next attempt may double it",
                metadata: ["queue_id": "\(work.message)", "recipient": "\(recipient.recipient.address)", "host": "\(host)"])
        }
        return RecipientOutcome(
            index: recipient.index, attempts: recipient.attempts, result: result, reply: outcome.reply, remoteHost: host)
    }

    private func giveUp(_ job: Job, reply: Reply, remoteHost: String?, reached: Bool) {
        job.outcomes += job.pending.map {
            RecipientOutcome(
                index: $0.index, attempts: $0.attempts, result: reply.isPermanentFailure ? .failed : .deferred, reply: reply,
                remoteHost: remoteHost)
        }
        job.session.finish(job.outcomes, reached: reached, askForMore: false)
    }
}

/// Leased content as the SMTP client pulls it.
private final class StreamSource: ContentSource {
    private let stream: LeasedContentStream
    init(_ stream: LeasedContentStream) { self.stream = stream }
    func nextChunk() -> EventLoopFuture<ByteBuffer?> { stream.next() }
}
