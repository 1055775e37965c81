import MailVocabulary
import NIOCore

extension SMTPClientSession {
    mutating func begin(_ message: OutgoingMessage, _ actions: inout [Action]) {
        precondition(state != .transaction, "one transaction at a time")
        guard isReady else {
            // It went away between two transactions: nothing of this message was sent.
            let outcome = DeliveryOutcome.retryAtOnce(
                Reply(451, "4.4.2", "the connection closed before the transaction"), .anotherConnection)
            let outcomes = message.recipients.map { _ in outcome }
            actions.append(
                .finished(
                    DeliveryResult(
                        outcomes: outcomes, connection: .lost(ConnectionLoss(progress: .envelope, cause: .closed)),
                        ownWords: Set(outcomes.indices))))
            return
        }
        var transaction = ClientTransaction(message, dialect: settings.dialect, extensions: extensions, needsReset: needsReset)
        guard !transaction.eligible.isEmpty else {
            actions.append(.finished(transaction.result(.reusable, Self.unanswered)))
            return
        }
        self.transaction = transaction
        needsReset = false
        transactionCount += 1
        state = .transaction
        writeCommands(&actions)
    }

    private mutating func writeCommands(_ actions: inout [Action]) {
        guard let transaction else { return }
        var buffer = ByteBuffer()
        if transaction.mail == .unsent {
            buffer.reserveCapacity(192 + 80 * min(transaction.eligible.count, ClientTransaction.recipientWindow))
        }
        let contentFollows = self.transaction?.writeCommands(into: &buffer) ?? false
        write(buffer, &actions)
        if contentFollows { actions.append(.sendContent) }
    }

    mutating func receiveInTransaction(_ reply: RemoteReply, _ actions: inout [Action]) {
        guard let step = transaction?.receive(reply) else { return }
        switch step {
        case .goOn:
            if transaction?.content == .loneDot {
                write(DotStuffer.endOfData, &actions)
            } else if transaction?.mayWrite == true {
                writeCommands(&actions)
            }
        case .sendContent: actions.append(.sendContent)
        case .over: finish(&actions)
        case .lost(let cause): lose(cause, &actions)
        }
    }

    mutating func sendContent(_ chunk: ByteBuffer, _ actions: inout [Action]) {
        // All that was announced is there already, and the server may have answered: what follows is nothing of the message.
        guard state == .transaction, let transaction, transaction.content == .sending else { return }
        let octets = transaction.contentOctets + chunk.readableBytes
        // More than announced: a chunk would run over into commands, and nobody knows what the content is.
        guard octets <= transaction.message.size else {
            return lose(.contentUnavailable("the content is longer than the \(transaction.message.size) octets announced"), &actions)
        }
        self.transaction?.contentOctets = octets
        switch transaction.transfer {
        case .chunk:
            write(chunk, &actions)
            // The server counts: it answers when it has as many as were announced, which our own side may be told of only later.
            if octets == transaction.message.size { self.transaction?.content = .sent }
        case .data:
            if let stuffed = self.transaction?.stuffer.stuff(chunk) { write(stuffed, &actions) }
        }
    }

    mutating func endContent(_ actions: inout [Action]) {
        guard state == .transaction, let transaction, transaction.content == .sending else { return }
        // Fewer than announced: a message cut short is never completed.
        guard transaction.contentOctets == transaction.message.size else {
            let text = "the content has \(transaction.contentOctets) octets, not the \(transaction.message.size) announced"
            return lose(.contentUnavailable(text), &actions)
        }
        self.transaction?.content = .sent
        if transaction.transfer == .data, let end = self.transaction?.stuffer.finish() { write(end, &actions) }
    }

    /// The source of the content failed. Where all octets are given the server's reply decides.
    mutating func contentFailed(_ text: String, _ actions: inout [Action]) {
        guard state == .transaction, transaction?.content != .sent else { return }
        lose(.contentUnavailable(text), &actions)
    }

    private mutating func finish(_ actions: inout [Action]) {
        guard var transaction else { return }
        self.transaction = nil
        extensions.remove(transaction.refusedExtensions)
        state = .ready
        needsReset = transaction.leavesEnvelope
        if let reply = exhaustion(transaction) {
            for index in transaction.eligible { transaction.outcomes[index] = .retryAtOnce(reply, .anotherConnection) }
            actions.append(.finished(transaction.result(.exhausted(reply), Self.unanswered)))
            quit(&actions)
        } else {
            actions.append(.finished(transaction.result(.reusable, Self.unanswered)))
            if quitRequested { quit(&actions) }
        }
    }

    /// The refusal of a further `MAIL` on a connection that has carried one (S07): `452`, where its status does not speak of storage.
    private func exhaustion(_ transaction: ClientTransaction) -> Reply? {
        guard transactionCount > 1, transaction.mail == .refused, let first = transaction.eligible.first,
            case .transientFailure(let reply) = transaction.outcomes[first], reply.code == 452, reply.status?.subject != 3
        else { return nil }
        return reply
    }

    mutating func loseTransaction(_ cause: ConnectionLoss.Cause, _ actions: inout [Action]) {
        guard var transaction else { return close(&actions) }
        self.transaction = nil
        let phase = transaction.waitPhase
        let progress = transaction.progress
        let reply = Self.reply(for: cause, phase: phase, progress: progress)
        if case .closedByReply(let theirs) = cause, theirs == reply {
            // Their word, for everyone whom nothing else was said of.
        } else {
            transaction.ownWords.formUnion(transaction.outcomes.indices.filter { transaction.outcomes[$0] == nil })
        }
        if progress == .contentSent {
            for index in transaction.accepted where transaction.outcomes[index] == nil {
                transaction.outcomes[index] = .undetermined(reply)
            }
        }
        switch cause {
        case .closed, .closedByReply, .timedOut: transaction.settle(.retryAtOnce(reply, .anotherConnection))
        // It would go wrong again at once, or take as long.
        case .invalidReply, .contentUnavailable, .tookTooLong: transaction.settle(.transientFailure(reply))
        }
        actions.append(.finished(transaction.result(.lost(ConnectionLoss(progress: progress, cause: cause)), Self.unanswered)))
        close(&actions)
    }

    private static func reply(for cause: ConnectionLoss.Cause, phase: WaitPhase, progress: ConnectionLoss.Progress) -> Reply {
        let addition = progress == .contentSent ? "; the remote host may have taken the message" : ""
        return switch cause {
        case .closed: Reply(451, "4.4.2", "connection lost while waiting for \(phase)\(addition)")
        case .closedByReply(let reply): reply.isPositive ? Reply(451, "4.5.0", "connection given up after \(reply)") : reply
        case .timedOut: Reply(451, "4.4.2", "timed out while waiting for \(phase)\(addition)")
        case .tookTooLong:
            Reply(
                451, "4.4.2", "the remote host took too long in all, and was given up while waiting for \(phase)\(addition)")
        case .invalidReply(let text): Reply(451, "4.5.0", "invalid answer while waiting for \(phase): \"\(text)\"\(addition)")
        case .contentUnavailable(let text): Reply(451, "4.3.0", text)
        }
    }

    /// For a recipient that nothing was said about, which the transaction's rules leave none of.
    private static var unanswered: Reply { Reply(451, "4.5.0", "the transaction ended without an answer") }
}

extension ClientTransaction {
    /// Whether `writeCommands` could have something to say.
    var mayWrite: Bool { data == .unsent && content == .notYet && mail != .refused }
}
