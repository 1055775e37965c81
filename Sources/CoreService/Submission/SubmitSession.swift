import CoreLink
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
    typealias Connection = LinkChannel<SubmitRequest, SubmitResponse>

    private enum State {
        case idle
        case open(Transaction)
        /// The content has ended; the answer is on its way.
        case committing
        /// The peer broke the protocol: nothing of what it said after that counts.
        case broken
    }

    private final class Transaction {
        let id: QueueID
        let facts: SessionFacts
        let sender: EnvelopeSender
        /// Octets that the content may have; nil: no limit.
        let contentLimit: Int?
        var recipients: [QueuedRecipient] = []
        /// Final addresses that the message goes to already: two aliases of one person make one copy.
        var known: Set<String> = []
        var acceptedCount = 0
        /// Each accepted recipient with its routes, for the decision at the end of the data; only where that may differ.
        var accepted: [(writtenTo: EmailAddress, routes: [RoutedRecipient])] = []
        /// The beginning of the content, for its header; only where routing looks at it.
        var beginning = ByteBuffer()
        var content: ContentSink?
        /// More came than may: it is counted, and not kept.
        var isTooLarge = false

        init(id: QueueID, facts: SessionFacts, sender: EnvelopeSender, contentLimit: Int?) {
            (self.id, self.facts, self.sender, self.contentLimit) = (id, facts, sender, contentLimit)
        }
    }

    private let core: Core
    private let connection: Connection
    private var state = State.idle
    private var isGone = false
    private var isRetired = false

    init(core: Core, connection: Connection) {
        (self.core, self.connection) = (core, connection)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in ended() }
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
        guard let server = core.topology.virtualServer(named: facts.virtualServer), server.role == .edge else {
            return violated("'\(facts.virtualServer)' is no virtual server of an edge")
        }
        let transaction = Transaction(
            id: core.queue.nextID(), facts: facts, sender: sender,
            contentLimit: server.limits.messageSize.map { $0.bytes + Self.traceAllowance })
        state = .open(transaction)
        connection.send(.began(transaction.id))
    }

    private func decide(_ recipient: EnvelopeRecipient, _ transaction: Transaction) {
        guard core.reserve.hasRoom(for: transaction.sender.declaredSize ?? 0, now: core.eventLoop.now) else {
            core.metrics.storageRefusals += 1
            core.log.warning(
                "recipient refused: the disk is full but for its reserve",
                metadata: ["queue_id": "\(transaction.id)", "to": "\(recipient.address)"])
            return connection.send(.recipient(Self.noStorage))
        }
        let reply: Reply
        switch core.decide(recipient, sender: transaction.sender, facts: transaction.facts, id: transaction.id) {
        case .accepted(let routed):
            if transaction.recipients.count + routed.count > Self.mostFinalRecipients {
                reply = Reply(452, "4.5.3", "Too many recipients")
                break
            }
            if core.looksAtContent { transaction.accepted.append((recipient.address, routed)) }
            for target in routed where transaction.known.insert("\(target.address)").inserted {
                let (address, route) = (target.address, Route(target))
                // Reports name the address that the sender wrote to, not what an alias made of it (RFC 3461 §5.2.1).
                let original =
                    recipient.originalRecipient ?? (address == recipient.address ? nil : OriginalRecipient(recipient.address).parameter)
                transaction.recipients.append(
                    QueuedRecipient(
                        index: UInt32(transaction.recipients.count),
                        recipient: EnvelopeRecipient(address: address, notify: recipient.notify, originalRecipient: original), route: route)
                )
            }
            transaction.acceptedCount += 1
            reply = Reply(250, "2.1.5", "Recipient OK")
        case .refused(let refusal):
            reply = refusal
            core.metrics.refusedRecipients += 1
            core.log.info(
                "recipient refused",
                metadata: [
                    "queue_id": "\(transaction.id)", "client": "\(transaction.facts.clientAddress)",
                    "from": "\(transaction.sender.reversePath)",
                    "to": "\(recipient.address)", "reply": "\(refusal)",
                ])
        }
        connection.send(.recipient(reply))
    }

    private static let noStorage = Reply(452, "4.3.1", "Insufficient system storage, try again later")
    /// What aliases and groups may make of the recipients of one message.
    private static let mostFinalRecipients = 100_000
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
            return reply(Reply(552, "5.3.4", "Message too large"))
        }
        if let refusal = confirm(transaction, octets: sink.octets) {
            sink.discard()
            state = .idle
            return reply(refusal)
        }
        state = .committing
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
            case .success(let content):
                let facts = transaction.facts
                let message = QueuedMessage(
                    id: transaction.id, receivedAt: .now(), sender: transaction.sender,
                    origin: MessageOrigin(
                        virtualServer: facts.virtualServer, clientAddress: facts.clientAddress, confirmedHostName: facts.confirmedHostName,
                        helo: facts.helo),
                    size: sink.octets, has8BitOctets: has8BitOctets, content: content, recipients: transaction.recipients)
                core.queue.enqueue(message) { [self] result in
                    if case .failure = result { sink.discard() }
                    answer(transaction, result.map { sink.octets })
                }
            }
        }
    }

    /// Decides again about every recipient, now that the message is there (E15): one message has one reply.
    ///
    /// - Returns: the refusal of the message; nil where each recipient still has a way, perhaps another than before.
    private func confirm(_ transaction: Transaction, octets: Int) -> Reply? {
        guard core.looksAtContent, !transaction.accepted.isEmpty else { return nil }
        let nature = MessageNature(beginning: transaction.beginning.readableBytesView)
        var routes: [EmailAddress: Route] = [:]
        for (address, found) in transaction.accepted {
            switch core.confirm(
                found, writtenTo: address, sender: transaction.sender, facts: transaction.facts, id: transaction.id, size: octets,
                nature: nature)
            {
            case .accepted(let left):
                for target in left where routes[target.address] == nil { routes[target.address] = Route(target) }
            case .refused(let refusal):
                core.metrics.refusedRecipients += 1
                core.log.info(
                    "message refused",
                    metadata: [
                        "queue_id": "\(transaction.id)", "client": "\(transaction.facts.clientAddress)",
                        "from": "\(transaction.sender.reversePath)", "to": "\(address)", "reply": "\(refusal)",
                    ])
                return refusal
            }
        }
        transaction.recipients = transaction.recipients.compactMap { recipient in
            routes[recipient.recipient.address].map {
                QueuedRecipient(index: recipient.index, recipient: recipient.recipient, route: $0)
            }
        }
        return nil
    }

    private func answer(_ transaction: Transaction, _ result: Result<Int, StoreError>) {
        state = .idle
        let reply: Reply
        switch result {
        case .success(let octets):
            reply = Reply(250, "2.0.0", "\(transaction.id) queued")
            core.metrics.acceptedMessages += 1
            core.log.info(
                "message accepted",
                metadata: [
                    "queue_id": "\(transaction.id)", "virtual_server": "\(transaction.facts.virtualServer)",
                    "client": "\(transaction.facts.clientAddress)", "from": "\(transaction.sender.reversePath)",
                    "recipients": "\(transaction.recipients.count)", "size": "\(octets)",
                ])
        case .failure(let error):
            reply = Self.noStorage
            core.metrics.storageRefusals += 1
            core.log.error("message not stored", metadata: ["queue_id": "\(transaction.id)", "error": "\(error)"])
        }
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
