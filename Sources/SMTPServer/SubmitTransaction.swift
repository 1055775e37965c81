import CoreLink
import MailVocabulary
import MessageFormat
import NIOCore

/// One transaction of a front end with the core: recipients are asked about, content is streamed, the answer to the end of the content
/// is awaited. Confined to its event loop.
///
/// Whatever happens to the core, every question gets exactly one answer: the core's, or `451` (law 7: the client keeps the message).
final class SubmitTransaction {
    /// What is told to the session.
    enum Answer {
        case recipient(Reply, of: EmailAddress, by: Author)
        case content(Reply, by: Author)
    }

    /// Whose words a reply is. The core logs its own.
    enum Author {
        case core
        case frontEnd
    }

    /// Among the transactions that are open with the core.
    let place: CrossLoopPool.Place
    private let pool: any SubmitPool
    private let facts: SessionFacts
    private let sender: EnvelopeSender
    /// Of the session, where it has logged in.
    private let token: SessionToken?
    private let answer: (Answer) -> Void
    /// The core takes data again.
    private let writable: () -> Void
    private var connection: (any SubmitConnection)?
    private var isAcquiring = false
    /// Asked before the connection stood.
    private var early: [EnvelopeRecipient] = []
    private var unansweredRecipients = 0
    private(set) var hasContentBegun = false
    private var isCommitting = false
    private var hasEnded = false
    /// Set when the core has gone away: what every question is answered with from then on.
    private var lostReply: Reply?
    private var isContentAnswered = false
    private var deadline: Scheduled<Void>?
    private(set) var queueID: QueueID?
    private(set) var acceptedRecipients: [EmailAddress] = []
    private var asked: CircularBuffer<EmailAddress> = []
    private var octets: UInt64 = 0

    init(
        pool: any SubmitPool, place: CrossLoopPool.Place, facts: SessionFacts, sender: EnvelopeSender, token: SessionToken?,
        answer: @escaping (Answer) -> Void, writable: @escaping () -> Void
    ) {
        self.place = place
        (self.pool, self.facts, self.sender, self.token, self.answer, self.writable) = (pool, facts, sender, token, answer, writable)
    }

    static let coreUnavailable = Reply(451, "4.3.0", "The mail system is restarting, try again later")
    static let revisionDiffers = Reply(421, "4.3.0", "The configuration is being changed, try again later")

    var reversePath: ReversePath { sender.reversePath }

    var isWritable: Bool { connection?.isWritable ?? true }

    func ask(_ recipient: EnvelopeRecipient) {
        if let lostReply { return answer(.recipient(lostReply, of: recipient.address, by: .frontEnd)) }
        unansweredRecipients += 1
        limitWait()
        asked.append(recipient.address)
        if let connection {
            connection.send(.recipient(recipient))
        } else {
            early.append(recipient)
            acquire()
        }
    }

    /// Content, in pieces of any size; the trace fields first.
    func send(_ chunk: ByteBuffer) {
        hasContentBegun = true
        guard let connection else { return answerContentIfLost() }
        octets += UInt64(chunk.readableBytes)
        var rest = chunk
        while rest.readableBytes > Frame.maximumContent, let part = rest.readSlice(length: Frame.maximumContent) {
            connection.send(.content(part))
        }
        if rest.readableBytes > 0 { connection.send(.content(rest)) }
    }

    func commit(has8BitOctets: Bool) {
        guard let connection else { return answerContentIfLost() }
        isCommitting = true
        limitWait()
        connection.send(.commit(octets: octets, has8BitOctets: has8BitOctets))
    }

    /// A core that answers nothing costs this transaction, and not the client's patience: it waits five minutes for a reply to RCPT, and
    /// ten for the one to the end of the content (RFC 5321 §4.5.3.2).
    private func limitWait() {
        deadline?.cancel()
        deadline = pool.eventLoop.assumeIsolated().scheduleTask(in: Self.longestWait) { [weak self] in
            guard let self, unansweredRecipients > 0 || isCommitting else { return }
            lost()
        }
    }

    private static let longestWait = TimeAmount.minutes(2)

    func flush() { connection?.flush() }

    /// The client gave up, or its content is refused: the core drops what it has.
    func abort() {
        guard !hasEnded else { return }
        hasEnded = true
        deadline?.cancel()
        guard let connection else { return }
        self.connection = nil
        if unansweredRecipients > 0 || isCommitting {
            // Answers are still on their way, which the next transaction must not see.
            connection.discard()
        } else {
            connection.send(.abort)
            connection.flush()
            connection.release()
        }
    }

    private func acquire() {
        guard !isAcquiring else { return }
        isAcquiring = true
        pool.acquireConnection { [self] result in
            switch result {
            case .failure: lost()
            case .success(let connection) where hasEnded: connection.release()
            case .success(let connection) where connection.coreRevision != pool.revision:
                connection.discard()
                acquireAgain()
            case .success(let connection): begin(over: connection)
            }
        }
    }

    private func begin(over connection: any SubmitConnection) {
        self.connection = connection
        connection.listen(
            message: { [self] in received($0) },
            closed: { [self] in
                let connection = self.connection
                self.connection = nil
                connection?.discard()
                lost()
            },
            writable: { [self] in writable() })
        if let token { connection.authorize(token) }
        connection.send(.begin(facts, sender))
        for recipient in early { connection.send(.recipient(recipient)) }
        early = []
        connection.flush()
    }

    /// The core has taken another configuration: this process hears of it (`RevisionWatch`), and reads it too. The client waits meanwhile, for a bounded time.
    private func acquireAgain() {
        revisionChecks += 1
        guard revisionChecks < Self.mostRevisionChecks else { return lost(saying: Self.revisionDiffers) }
        pool.eventLoop.assumeIsolated().scheduleTask(in: Self.revisionCheckInterval) { [weak self] in
            guard let self, !hasEnded else { return }
            isAcquiring = false
            acquire()
        }
    }

    private var revisionChecks = 0
    /// Three seconds together: reading a configuration takes milliseconds, and a bad one stays bad.
    private static let mostRevisionChecks = 60
    private static let revisionCheckInterval = TimeAmount.milliseconds(50)

    private func received(_ response: SubmitResponse) {
        switch response {
        case .began(let id): queueID = id
        // Nobody asked for it over this connection.
        case .mechanismsOff: lost()
        case .recipient(let reply):
            guard unansweredRecipients > 0, let address = asked.popFirst() else { return lost() }
            unansweredRecipients -= 1
            if reply.isPositive { acceptedRecipients.append(address) }
            answer(.recipient(reply, of: address, by: .core))
        case .committed(let reply):
            guard isCommitting, let connection else { return lost() }
            hasEnded = true
            deadline?.cancel()
            self.connection = nil
            connection.release()
            answer(.content(reply, by: .core))
        }
    }

    /// The core cannot be reached, or went away. Who waits is told to come back.
    private func lost(saying reply: Reply = SubmitTransaction.coreUnavailable) {
        guard !hasEnded else { return }
        hasEnded = true
        deadline?.cancel()
        lostReply = reply
        if let connection {
            self.connection = nil
            connection.discard()
        }
        let unanswered = asked
        (asked, unansweredRecipients) = ([], 0)
        for address in unanswered { answer(.recipient(reply, of: address, by: .frontEnd)) }
        if hasContentBegun { answerContentIfLost() }
    }

    /// The session swallows what is left of the content, and says it then.
    private func answerContentIfLost() {
        guard let lostReply, !isContentAnswered else { return }
        isContentAnswered = true
        answer(.content(lostReply, by: .frontEnd))
    }
}
