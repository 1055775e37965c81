import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore

/// Held mail expires as all mail does (E09): it is in nobody's hands, so it is looked for in the store.
extension HeldMail {
    func sweepExpired() {
        core.eventLoop.assumeIsolated().scheduleTask(in: Self.sweep) { [weak core] in
            guard let held = core?.held else { return }
            held.enqueue { held.giveUpExpired(completion: $0) }
            held.sweepExpired()
        }
    }

    /// Tells the senders of what has waited for too long.
    func giveUpExpired(completion: @escaping () -> Void) {
        let now = core.queue.now()
        core.queue.heldEntries(endingBefore: now, limit: Self.page).assumeIsolated().whenComplete { [self] result in
            guard case .success(let entries) = result, !entries.isEmpty else { return completion() }
            // Where none of them can be read, going round would have no end.
            var hasProgress = false
            byMessage(
                entries[...],
                body: { [self] id, indices, next in
                    giveUp(indices, of: id, now: now) {
                        if $0 { hasProgress = true }
                        next()
                    }
                },
                completion: { [self] in
                    entries.count < Self.page || !hasProgress ? completion() : giveUpExpired(completion: completion)
                })
        }
    }

    private func giveUp(_ indices: [UInt32], of id: QueueID, now: Timestamp, completion: @escaping (Bool) -> Void) {
        core.queue.message(id, recipients: indices).assumeIsolated().whenComplete { [self] result in
            guard case .success(let message?) = result else { return completion(false) }
            var failed: [FailedRecipient] = []
            var settlements: [Settlement] = []
            for recipient in message.recipients {
                guard let held = recipient.held else { continue }
                let reply = Reply(recorded: held.reason) ?? Reply(550, "5.7.1", held.reason)
                failed.append(Self.failed(recipient, reply, at: now, isExpired: true))
                settlements.append(Settlement(index: recipient.index, change: .finished))
                core.metrics.expiredRecipients += 1
                log("expired", message, recipient, ["reply": "\(held.reason)"])
            }
            settle(message, settlements, failed) { completion(!settlements.isEmpty) }
        }
    }
}
