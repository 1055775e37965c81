import CoreLink
import Logging
import MailVocabulary
import SMTPClient
import SMTPProtocol

/// What became of the recipients, as the core hears of it.
extension HopDelivery {
    /// The content has been read, and there is no second of it. Where this attempt got somewhere, or learnt something, the core gives the
    /// rest out again, with its content; where it did not, going round at once would have no end.
    func releaseOrDefer(isProgress: Bool) {
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

    func settle(_ pending: Pending, _ result: RecipientOutcome.Result, _ reply: Reply, _ host: String?) {
        fruitlessRounds = 0
        outcomes.append(Self.outcome(of: pending.recipient, result, reply, host))
    }

    /// Nobody took it: it counts as deferred by the last word on it, or as failed where every host lacks what it needs.
    func settle(
        _ pending: Pending, unlessKnown reply: Reply = Reply(451, "4.4.2", "the transaction did not finish"),
        as result: RecipientOutcome.Result = .deferred, refusedBy host: String? = nil
    ) {
        guard let soFar = pending.soFar else {
            outcomes.append(Self.outcome(of: pending.recipient, reply.isPermanentFailure && host == nil ? .failed : result, reply, host))
            return
        }
        let isAgreed = !pending.lackedBy.isEmpty && plan.map { pending.lackedBy.isSuperset(of: $0.hostKeys) } == true
        outcomes.append(
            Self.outcome(of: pending.recipient, isAgreed ? .failed : soFar.result, soFar.reply, soFar.remoteHost))
    }

    func finish() {
        session.finish(outcomes, reached: isReached, askForMore: open != nil && !session.isRevoked)
    }

    static func outcome(
        of recipient: LeasedRecipient, _ result: RecipientOutcome.Result, _ reply: Reply, _ host: String?
    ) -> RecipientOutcome {
        RecipientOutcome(index: recipient.index, attempts: recipient.attempts, result: result, reply: reply, remoteHost: host)
    }

    /// What protected a message that was taken. Not where TLS is no question, as on a Unix socket: of deliveries as such the core tells.
    func tellDelivered(_ result: DeliveryResult, on open: OpenConnection) {
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

    func warnOfDouble(_ recipient: LeasedRecipient, _ open: OpenConnection) {
        worker.log.warning(
            "the server may have taken the message: its reply never came, and the next attempt may double it",
            metadata: ["queue_id": "\(work.message)", "to": "\(recipient.recipient.address)", "host": "\(open.name)"])
    }
}
