import CoreLink
import Directory
import Logging
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import Routing

/// The core's end of one front end's connection: one transaction after another, each all or nothing.
///
/// Confined to the core's event loop. A peer that says what it may not say at that point loses its connection and the transaction with
/// it, and nothing else happens.
final class SubmitSession {
    /// What the session asks of its connection, whatever the role of its socket.
    typealias Connection = any SubmitPeer

    fileprivate enum State {
        case idle
        case open(Transaction)
        /// The content has ended; the answer is on its way.
        case committing(Transaction)
        /// The peer broke the protocol: nothing of what it said after that counts.
        case broken
    }

    private let core: Core
    private let connection: Connection
    private var state = State.idle {
        didSet {
            // Whichever way a transaction ends, what it took of the final addresses is free again.
            guard let ended = oldValue.transaction, ended !== state.transaction else { return }
            core.openAddresses.give(back: ended.taken, by: ended.network)
        }
    }
    private var isGone = false
    private var isRetired = false

    /// Whether it may name accounts by their tokens.
    private let isSubmission: Bool
    /// Of its peer's hello: names the process.
    private let holder: UInt64
    /// What the transaction to come was authorized with.
    private var token: SessionToken?

    /// Of an edge: anonymous, whatever it says.
    init(core: Core, edge connection: LinkChannel<SubmitRequest, SubmitResponse>, holder: UInt64 = 0) {
        (self.core, self.connection, isSubmission, self.holder) = (core, connection, false, holder)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in ended() }
    }

    /// Of a submission server: each transaction with a token, or anonymous where the virtual server permits that.
    init(core: Core, submission connection: LinkChannel<SubmissionLink.Request, SubmitResponse>, holder: UInt64 = 0) {
        (self.core, self.connection, isSubmission, self.holder) = (core, connection, true, holder)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in ended() }
    }

    private func received(_ request: SubmissionLink.Request) {
        switch (request, state) {
        case (.authorize(let token), .idle): self.token = token
        case (.forget(let token), .idle): core.tokens.forget(token)
        case (.watchMechanisms, .idle):
            core.outages.watch(self) { [connection] off in
                connection.send(.mechanismsOff(off))
                connection.flush()
            }
        case (.submit(let request), _): received(request)
        case (_, .broken): break
        default: violated("it named a session in the middle of a transaction")
        }
    }

    private var isCommitting: Bool {
        if case .committing = state { true } else { false }
    }

    /// A recipient was accepted at least: the client has been told to go on.
    var hasOpenTransaction: Bool {
        switch state {
        case .open(let transaction): transaction.acceptedCount > 0
        case .committing: true
        case .idle, .broken: false
        }
    }

    /// The configuration has changed: the connection ends with the transaction under way, or now.
    func retire() {
        isRetired = true
        if case .idle = state { connection.close() }
    }

    private func received(_ request: SubmitRequest) {
        switch (request, state) {
        case (.begin(let facts, let sender), .idle): begin(facts, sender)
        case (.recipient(let recipient), .open(let transaction)) where transaction.content == nil: decide(recipient, transaction)
        case (.content(let chunk), .open(let transaction)) where transaction.acceptedCount > 0: take(chunk, transaction)
        case (.commit(let octets, let has8Bit), .open(let transaction)) where transaction.acceptedCount > 0:
            commit(transaction, octets: octets, has8BitOctets: has8Bit)
        case (.abort, .open(let transaction)):
            transaction.content?.discard()
            state = .idle
            if isRetired { connection.close() }
        case (.report(let report), .idle): core.daemons.say(report, isSubmission ? .submission : .edge, holder: holder, over: self)
        case (.refused(let refusal), .idle): core.note(refusal, isSubmission: isSubmission)
        case (.abort, .idle), (_, .broken): break
        default: violated("it said what it may not say at that point")
        }
    }

    /// The peer loses its connection and the transaction with it. A message whose end it has seen answered is not concerned.
    private func violated(_ what: String) {
        var metadata: Logger.Metadata = ["reason": "\(what)"]
        if case .open(let transaction) = state { metadata["queue_id"] = "\(transaction.id)" }
        core.log.warning("a front end broke the protocol; its connection is closed", metadata: metadata)
        if case .open(let transaction) = state { transaction.content?.discard() }
        // What is being committed ends by itself, and finds the connection gone.
        if !isCommitting { state = .broken }
        connection.close()
    }

    private func begin(_ facts: SessionFacts, _ sender: EnvelopeSender) {
        guard let server = core.topology.virtualServer(named: facts.virtualServer), server.isEdge != isSubmission else {
            return violated("'\(facts.virtualServer)' is no virtual server of this role")
        }
        let id = core.queue.nextID()
        let (origin, refusal) = standing(of: facts, sender)
        token = nil
        let transaction = Transaction(
            id: id, facts: facts, sender: sender, origin: origin, refusal: refusal,
            contentLimit: server.limits.messageSize.map { $0.bytes + Self.traceAllowance }, room: core.mostFinalRecipients,
            revision: core.topology.revision)
        state = .open(transaction)
        connection.send(.began(transaction.id))
    }

    /// Who sends, and what speaks against the whole transaction.
    private func standing(of facts: SessionFacts, _ sender: EnvelopeSender) -> (MailOrigin, refusal: Reply?) {
        guard isSubmission else { return (MailOrigin(facts, isSubmission: false), nil) }
        let session = token.flatMap { core.tokens.use($0, virtualServer: facts.virtualServer, now: .now()) }
        let submission = SubmissionSession(facts, account: session?.account)
        // 421 ends the session: the client logs in again.
        if token != nil, session == nil { return (.submission(submission), Self.sessionOver) }
        return (.submission(submission), core.refusal(ofSender: sender, in: submission))
    }

    private func decide(_ recipient: EnvelopeRecipient, _ transaction: Transaction) {
        if let refusal = transaction.refusal { return refuse(recipient, transaction, refusal) }
        guard core.reserve.hasRoom(for: transaction.sender.declaredSize ?? 0, now: core.eventLoop.now) else {
            core.metrics.storageRefusals += 1
            core.log.warning(
                "recipient refused: the disk is full but for its reserve",
                metadata: transaction.metadata(of: Self.noStorage, recipient.address))
            return connection.send(.recipient(Self.noStorage))
        }
        if transaction.hasExpanded(recipient.address) { return connection.send(.recipient(Self.accepted)) }
        guard transaction.room > 0 else { return refuse(recipient, transaction, TooManyRecipients.reply) }
        do throws(DirectoryError) {
            switch try core.destinations.find(recipient.address) {
            case .ordinary: decide(recipient, leadingTo: nil, transaction)
            case .several(let destinations): decide(recipient, leadingTo: destinations, transaction)
            case .unread(let address): decideLater(recipient, transaction, reading: address)
            }
        } catch {
            directoryFailed(recipient, transaction, error)
        }
    }

    /// A group that has to be read first: what the front end says behind this waits in its socket meanwhile (law 6).
    private func decideLater(_ recipient: EnvelopeRecipient, _ transaction: Transaction, reading address: EmailAddress) {
        connection.pauseReading()
        core.destinations.read(address) { [self] result in
            // The front end has gone meanwhile, and the transaction with it.
            guard case .open(let current) = state, current === transaction else { return }
            switch result {
            case .success(let destinations): decide(recipient, leadingTo: destinations, transaction)
            case .failure(let error): directoryFailed(recipient, transaction, error)
            }
            connection.resumeReading()
        }
    }

    private func decide(_ recipient: EnvelopeRecipient, leadingTo destinations: Destinations?, _ transaction: Transaction) {
        let decision = core.decide(
            recipient, leadingTo: destinations, sender: transaction.sender, origin: transaction.origin, id: transaction.id,
            room: transaction.room)
        switch decision {
        case .accepted(let routes, let trace):
            guard core.openAddresses.take(Transaction.weight(of: routes), by: transaction.network) else {
                return refuse(recipient, transaction, OpenFinalAddresses.reply)
            }
            transaction.accept(recipient, for: routes)
            transaction.decided.add(recipient.address, trace)
            connection.send(.recipient(Self.accepted))
        case .refused(let refusal): refuse(recipient, transaction, refusal)
        }
    }

    private func directoryFailed(_ recipient: EnvelopeRecipient, _ transaction: Transaction, _ error: any Error) {
        core.log.error(
            "the directory cannot be read",
            metadata: ["queue_id": "\(transaction.id)", "to": "\(recipient.address)", "error": "\(error)"])
        refuse(recipient, transaction, Core.directoryFails)
    }

    private func refuse(_ recipient: EnvelopeRecipient, _ transaction: Transaction, _ reply: Reply) {
        core.metrics.refusedRecipients += 1
        core.log.info("recipient refused", metadata: transaction.metadata(of: reply, recipient.address))
        connection.send(.recipient(reply))
    }

    private static let sessionOver = Reply(421, "4.7.0", "Your login is not valid any more: connect and log in again")
    private static let accepted = Reply(250, "2.1.5", "Recipient OK")
    private static let noStorage = Reply(452, "4.3.1", "Insufficient system storage, try again later")
    /// What the fields that a front end puts in front of a message may take, in octets.
    private static let traceAllowance = 64 * 1024

    private func take(_ chunk: ByteBuffer, _ transaction: Transaction) {
        let sink = transaction.content ?? ContentSink(id: transaction.id, core: core)
        transaction.content = sink
        // The front end says 552 by itself. One that was taken over, or has an older configuration, does not fill the disk.
        if !transaction.isTooLarge, let limit = transaction.contentLimit, sink.octets + chunk.readableBytes > limit {
            transaction.isTooLarge = true
            sink.discard()
        }
        transaction.messageID.take(chunk)
        if transaction.sender.smtpUTF8 { transaction.header.take(chunk.readableBytesView) }
        let missing = MessageNature.maximumOctets - transaction.beginning.readableBytes
        if core.looksAtContent, missing > 0 {
            transaction.beginning.writeImmutableBuffer(
                chunk.getSlice(at: chunk.readerIndex, length: min(missing, chunk.readableBytes)) ?? chunk)
        }
        if sink.append(chunk) { return }
        // A file is being written: the front end waits in its socket meanwhile (law 6).
        connection.pauseReading()
        sink.whenReady { [connection] in connection.resumeReading() }
    }

    private func commit(_ transaction: Transaction, octets: UInt64, has8BitOctets: Bool) {
        let sink = transaction.content ?? ContentSink(id: transaction.id, core: core)
        guard UInt64(sink.octets) == octets else {
            return violated("it announced \(octets) octets and sent \(sink.octets)")
        }
        if transaction.isTooLarge {
            state = .idle
            return refuse(transaction, Reply(552, "5.3.4", "Message too large"))
        }
        let sender = transaction.sender.sayingUTF8IfNeeded(by: transaction.header)
        if let refusal = confirm(transaction, octets: sink.octets) ?? refusalOfUTF8(transaction, from: sender).map({ ($0, nil) }) {
            sink.discard()
            state = .idle
            return refuse(transaction, refusal.reply, refusal.recipient)
        }
        state = .committing(transaction)
        guard core.reserve.hasRoom(for: sink.octets, now: core.eventLoop.now) else {
            sink.discard()
            return answer(transaction, .failure(.full("the disk is full but for its reserve")))
        }
        core.reserve.take(sink.octets)
        sink.finish { [self] result in
            switch result {
            case .failure(let error):
                sink.discard()
                answer(transaction, .failure(error))
            case .success where isGone:
                // Nobody would hear that it is ours now: the client still has it, and sends it again.
                sink.discard()
                state = .idle
                core.log.info(
                    "message dropped: its front end went away before it was stored", metadata: ["queue_id": "\(transaction.id)"])
            case .success(let (content, checksum)):
                let facts = transaction.facts
                let decided = transaction.decided
                var message = QueuedMessage(
                    id: transaction.id, receivedAt: .now(), sender: sender,
                    origin: MessageOrigin(
                        virtualServer: facts.virtualServer, clientAddress: facts.clientAddress, confirmedHostName: facts.confirmedHostName,
                        helo: facts.helo, account: transaction.origin.account),
                    size: sink.octets, has8BitOctets: has8BitOctets, content: content,
                    recipients: QueuedRecipients(transaction.accepted), decided: decided.text, checksum: checksum)
                message.messageID = transaction.messageID.messageID.map(LoggedText.bounded)
                let recipients = message.recipients
                core.queue.enqueue(message) { [self] result in
                    if case .failure = result { sink.discard() }
                    answer(transaction, result.map { (sink.octets, recipients.count) })
                }
            }
        }
    }

    /// Decides again about every recipient, now that the message is there (E15): one message has one reply.
    ///
    /// - Returns: the refusal of the message, and the recipient that it is about; nil where each recipient still has a way, perhaps another
    ///   than before.
    private func confirm(_ transaction: Transaction, octets: Int) -> (reply: Reply, recipient: EmailAddress?)? {
        guard core.looksAtContent, !transaction.accepted.isEmpty else { return nil }
        if let refusal = core.refusal(ofAuthorIn: transaction.beginning, sender: transaction.sender, origin: transaction.origin) {
            return (refusal, nil)
        }
        let nature = MessageNature(beginning: transaction.beginning.readableBytesView)
        var routes: [RoutedRecipients] = []
        for accepted in transaction.accepted {
            let address = accepted.recipient.address
            switch core.confirm(
                accepted.routes, writtenTo: address, sender: transaction.sender, origin: transaction.origin, id: transaction.id,
                size: octets,
                nature: nature)
            {
            case .accepted(let left, let trace):
                transaction.decided.add(address, trace)
                routes.append(left)
            case .refused(let refusal):
                core.metrics.refusedRecipients += 1
                return (refusal, address)
            }
        }
        transaction.reroute(routes)
        return nil
    }

    /// What a mailbox server among the recipients is known not to take. One message has one reply.
    ///
    /// - Parameter sender: with SMTPUTF8 only where the message needs it.
    private func refusalOfUTF8(_ transaction: Transaction, from sender: EnvelopeSender) -> Reply? {
        let needsUTF8 = sender.smtpUTF8 || sender.reversePath.address?.needsSMTPUTF8 == true
        let now = core.eventLoop.now
        let isLacking = transaction.accepted.contains { accepted in
            accepted.routes.contains(
                over: { core.utf8Mailboxes.lacks($0.connector, now: now) }, where: { needsUTF8 || $0.needsSMTPUTF8 })
        }
        return isLacking ? UTF8Mailboxes.refusal : nil
    }

    private func answer(_ transaction: Transaction, _ result: Result<(octets: Int, recipients: Int), StoreError>) {
        state = .idle
        let reply: Reply
        switch result {
        case .success(let (octets, recipients)):
            reply = Reply(250, "2.0.0", "\(transaction.id) queued")
            core.metrics.acceptedMessages += 1
            var metadata: Logger.Metadata = [
                "queue_id": "\(transaction.id)", "virtual_server": "\(transaction.facts.virtualServer)",
                "client": "\(transaction.facts.clientAddress)", "from": "\(transaction.sender.reversePath)",
                "to": "\(transaction.writtenTo)", "recipients": "\(recipients)", "size": "\(octets)",
            ]
            if let id = transaction.messageID.messageID { metadata["message_id"] = "\(LoggedText.bounded(id))" }
            core.log.info("message accepted", metadata: metadata)
        case .failure(let error):
            reply = Self.noStorage
            core.metrics.storageRefusals += 1
            var metadata = transaction.metadata(of: reply, nil)
            metadata["error"] = "\(error)"
            core.log.error("message not stored", metadata: metadata)
        }
        self.reply(reply)
    }

    /// The message is refused at its end.
    ///
    /// - Parameter recipient: the one that is the reason; nil: it is about the message.
    private func refuse(_ transaction: Transaction, _ reply: Reply, _ recipient: EmailAddress? = nil) {
        core.log.info("message refused", metadata: transaction.metadata(of: reply, recipient))
        self.reply(reply)
    }

    private func reply(_ reply: Reply) {
        if isGone { return }
        connection.send(.committed(reply))
        connection.flush()
        if isRetired { connection.close() }
    }

    private func ended() {
        isGone = true
        if case .open(let transaction) = state { transaction.content?.discard() }
        if case .open = state { state = .idle }
        core.ended(self)
    }
}

extension SubmitSession.State {
    fileprivate var transaction: SubmitSession.Transaction? {
        switch self {
        case .open(let transaction), .committing(let transaction): transaction
        case .idle, .broken: nil
        }
    }
}

extension EnvelopeSender {
    /// The same, with SMTPUTF8 only where the message needs it: for its addresses or its header, and never for its body (RFC 6531 §3.4). Many
    /// clients say it always, and a host that does not offer it could not be given the message then (RFC 6531 §3.2). A recipient with such an
    /// address speaks for itself when it is delivered to.
    fileprivate func sayingUTF8IfNeeded(by header: HeaderOctets) -> EnvelopeSender {
        guard smtpUTF8, !header.has8BitOctets, reversePath.address?.needsSMTPUTF8 != true else { return self }
        return EnvelopeSender(
            reversePath: reversePath, declaredSize: declaredSize, body: body, smtpUTF8: false, returnContent: returnContent,
            envelopeID: envelopeID)
    }
}
