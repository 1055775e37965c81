import MailVocabulary
import NIOCore

extension ClientTransaction {
    /// What a reply led to.
    enum Step: Hashable, Sendable {
        /// More commands may be due, more replies are.
        case goOn
        case sendContent
        case over
        /// The connection is of no further use; outcomes that the reply itself decided are recorded.
        case lost(ConnectionLoss.Cause)
    }

    /// Writes what may be sent now: one command in lock-step, or all of a group (RFC 2920 §3.1).
    ///
    /// - Returns: whether the content begins directly after it.
    mutating func writeCommands(into buffer: inout ByteBuffer) -> Bool {
        let pipelining = extensions.pipelining
        if reset == .unsent {
            CommandEncoder.writeReset(into: &buffer)
            reset = .sent
        }
        if mail == .unsent, pipelining || expectation == nil {
            CommandEncoder.writeMail(message, extensions: extensions, usesSMTPUTF8: usesSMTPUTF8, into: &buffer)
            mail = .sent
        }
        while recipientsSent < recipientsToSend, mail == .accepted || pipelining,
            pipelining ? recipientsSent - recipientsAnswered < Self.recipientWindow : expectation == nil
        {
            let recipient = message.recipients[eligible[recipientsSent]]
            CommandEncoder.writeRecipient(recipient, extensions: extensions, usesSMTPUTF8: usesSMTPUTF8, into: &buffer)
            recipientsSent += 1
        }
        guard recipientsSent == recipientsToSend, mail == .sent || mail == .accepted, data == .unsent, content == .notYet else {
            return false
        }
        switch transfer {
        case .data:
            if expectation == nil ? !accepted.isEmpty : pipelining {
                CommandEncoder.writeData(into: &buffer)
                data = .sent
            }
        case .chunk:
            // A chunk is content already: it must not be under way before a recipient is known to be accepted.
            if expectation == nil, !accepted.isEmpty {
                CommandEncoder.writeLastChunk(size: message.size, into: &buffer)
                content = message.size == 0 ? .sent : .sending
                return true
            }
        }
        return false
    }

    /// Takes one reply in.
    mutating func receive(_ reply: RemoteReply) -> Step {
        guard let expectation else { return content == .sending ? receiveEarly(reply) : .lost(.invalidReply(reply.quoted)) }
        if reply.code == 421, expectation != .contentEnd { return .lost(.closedByReply(reply.reply)) }
        // 3yz is an answer to DATA alone.
        if (300...399).contains(reply.code), expectation != .data { return .lost(.invalidReply(reply.quoted)) }
        switch expectation {
        case .reset:
            guard reply.isPositive else { return .lost(.closedByReply(reply.reply)) }
            reset = .accepted
        case .mail:
            mail = reply.isPositive ? .accepted : .refused
            if mail == .refused {
                recipientsToSend = recipientsSent
                settle(outcome(ofRefusedMail: reply))
            }
        case .recipient: receiveRecipient(reply)
        case .data: return receiveData(reply)
        case .contentEnd: return receiveContentEnd(reply)
        case .loneDot: return .over
        }
        return isOver ? .over : .goOn
    }

    /// All is answered, and nothing was accepted that content could go to.
    private var isOver: Bool {
        expectation == nil && content == .notYet && (mail == .refused || (recipientsSent == recipientsToSend && accepted.isEmpty))
            && mail != .unsent
    }

    private mutating func receiveRecipient(_ reply: RemoteReply) {
        let index = eligible[recipientsAnswered]
        recipientsAnswered += 1
        // Pipelined behind a refused MAIL: only counted.
        guard mail == .accepted else { return }
        if reply.isPositive {
            accepted.append(index)
        } else if !accepted.isEmpty, reply.saysTooManyRecipients {
            let value = reply.reply
            outcomes[index] = .retryAtOnce(value, .sameConnection)
            // Those not yet offered would hear the same.
            tooManyRecipients = value
            recipientsToSend = recipientsSent
        } else {
            outcomes[index] = outcome(ofRefusedRecipient: index, reply)
        }
    }

    private mutating func receiveData(_ reply: RemoteReply) -> Step {
        switch reply.code {
        case 354:
            data = .accepted
            if accepted.isEmpty {
                content = .loneDot
                // RFC 2033 §4.2 has no reply to an empty message for nobody: there is nothing to synchronise on.
                return dialect == .lmtp ? .lost(.closedByReply(reply.reply)) : .goOn
            }
            content = .sending
            return .sendContent
        case 400...599:
            data = .refused
            if !accepted.isEmpty {
                let outcome = DeliveryOutcome(refusal: reply.reply)
                for index in accepted { outcomes[index] = outcome }
            }
            return .over
        default: return .lost(.invalidReply(reply.quoted))
        }
    }

    private mutating func receiveContentEnd(_ reply: RemoteReply) -> Step {
        if refusesChunk(reply) { return chunkRefused(reply) }
        let value = reply.reply
        let outcome = reply.isPositive ? DeliveryOutcome.delivered(value) : DeliveryOutcome(refusal: value)
        switch dialect {
        case .smtp:
            for index in accepted { outcomes[index] = outcome }
        case .lmtp:
            outcomes[accepted[finalReplies]] = outcome
            finalReplies += 1
        }
        if reply.code == 421 { return .lost(.closedByReply(value)) }
        return dialect == .smtp || finalReplies == accepted.count ? .over : .goOn
    }

    /// A reply in the middle of the content: a refusal counts, but the dialogue cannot go on.
    private mutating func receiveEarly(_ reply: RemoteReply) -> Step {
        guard reply.code >= 400 else { return .lost(.invalidReply(reply.quoted)) }
        if refusesChunk(reply) { return chunkRefused(reply) }
        let value = reply.reply
        if reply.code != 421 {
            let outcome = DeliveryOutcome(refusal: value)
            for index in accepted { outcomes[index] = outcome }
        }
        return .lost(.closedByReply(value))
    }
}

extension DeliveryOutcome {
    /// - Parameter refusal: `4yz` or `5yz`.
    init(refusal: Reply) { self = refusal.isPermanentFailure ? .permanentFailure(refusal) : .transientFailure(refusal) }
}

extension RemoteReply {
    /// The reply in a word or two, for errors: what arrived where something else was due.
    var quoted: String { ReplyText.quoted(Array("\(code) ".utf8) + Array(lastLine.readableBytesView)) }

    /// RFC 5321 §4.5.3.1.10: `452`, and `552` of older servers. Where an enhanced status code says something else, it is believed.
    var saysTooManyRecipients: Bool {
        guard code == 452 || code == 552 else { return false }
        guard let status else { return true }
        return (status.subject, status.detail) == (5, 3)
    }
}
