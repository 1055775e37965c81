import CoreLink
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore

/// Turns what holders report into changes of the queue: gone, tried again later (E07), or given up (E09) with a report to the sender.
///
/// Confined to the core's event loop.
final class OutcomeRecorder {
    private unowned let core: Core
    /// Outcomes on their way to the disk, with those who wait for it besides the first. A holder may say an outcome twice: its
    /// connection broke behind the first time.
    private var underWay: [LeaseID: [() -> Void]] = [:]
    /// Of those who wait for one outcome, the last count: the connections of the others are gone.
    private static let mostWaiting = 4
    /// Leases whose recipients have been decided about again and kept their way.
    private var stayed: Set<LeaseID> = []
    /// Leases that end without an outcome leave an entry behind, which does little harm.
    private static let mostStayed = 10_000

    init(core: Core) { self.core = core }

    /// Records the outcome of a lease that stands; the completion is called when it is durable.
    ///
    /// - Parameter outcomes: for each recipient at most one (`MessageQueue.claim`).
    func record(
        _ lease: LeaseID, _ outcomes: [RecipientOutcome], contact: HopContact, holder: UInt64, completion: @escaping () -> Void
    ) {
        guard let grant = core.queue.beginSettling(lease, holder: holder) else { return recordedOnce(lease, completion) }
        underWay[lease] = []
        // A connection that is refused while others stand says nothing of the connector.
        if contact.isReached || core.queue.nextContact(afterFailureOf: lease) != nil { core.note(contact, grant.route) }
        let leased = Dictionary(uniqueKeysWithValues: grant.recipients.map { ($0.index, $0) })
        let now = core.queue.now()
        var answer = HopAnswer.none
        var settlements: [Settlement] = []
        var failed: [FailedRecipient] = []
        for outcome in outcomes {
            // Only what the lease names, in the generation it was given out in.
            guard let recipient = leased[outcome.index], recipient.attempts == outcome.attempts else { continue }
            switch outcome.result {
            case .released: continue
            case .deferred where !contact.isReached, .interrupted where !contact.isReached:
                if let change = unreached(recipient, outcome, on: grant, now: now, failed: &failed) { settlements.append(change) }
            case .delivered:
                answer = .progress
                settlements.append(Settlement(index: outcome.index, change: .finished))
                core.metrics.deliveredRecipients += 1
                log("delivered", grant, recipient, outcome)
            case .deferred:
                if answer == .none { answer = .deferredAll }
                settlements.append(deferral(of: recipient, outcome, on: grant, now: now, failed: &failed))
            case .interrupted:
                if answer == .none { answer = .deferredAll }
                settlements.append(deferral(of: recipient, outcome, on: grant, wasInterrupted: true, now: now, failed: &failed))
            case .failed:
                answer = .progress
                settlements.append(Settlement(index: outcome.index, change: .finished))
                failed.append(Self.failed(recipient, outcome, at: now, isExpired: false))
                core.metrics.failedRecipients += 1
                if grant.route.carrier == .mailbox {
                    core.utf8Mailboxes.note(outcome.reply, from: grant.route.connector, now: core.eventLoop.now)
                }
                log("failed", grant, recipient, outcome)
            }
        }
        report(failed, on: grant) { [self] reports in
            let isFile = grant.message.isInFile
            stayed.remove(lease)
            // Behind this message others may have another way: they are looked at one after the other, and do not stand still.
            let contact = contact.isReached || !core.mayHaveOtherWay(grant.route.connector) ? contact : .notTried
            core.queue.settle(
                lease, settlements, reports: reports, contact: contact, answer: contact == .reached ? answer : .none
            ) { [self] in
                completion()
                tellOthers(lease)
                if isFile { core.removeContentIfUnnamed(grant.message.id) }
            }
        }
    }

    /// A holder says an outcome once more: it is answered when the first time is durable.
    func recordedOnce(_ lease: LeaseID, _ completion: @escaping () -> Void) {
        guard var others = underWay[lease] else { return completion() }
        if others.count >= Self.mostWaiting { others.removeFirst() }
        others.append(completion)
        underWay[lease] = others
    }

    private func tellOthers(_ lease: LeaseID) {
        for other in underWay.removeValue(forKey: lease) ?? [] { other() }
    }

    /// Defers every recipient of a lease for a reason of our own.
    func deferAll(_ grant: LeaseGrant, reply: Reply) {
        guard let holder = core.queue.holder(of: grant.id) else { return }
        record(
            grant.id,
            grant.recipients.map { RecipientOutcome(index: $0.index, attempts: $0.attempts, result: .deferred, reply: reply) },
            contact: .notTried, holder: holder, completion: {})
    }

    /// Holds a message whose content is not what came in: nobody tries it again before it has expired (E09). It is looked at once more then,
    /// since its file may have been restored; otherwise the sender is told. What is left of the content is kept aside for some days.
    func hold(_ grant: LeaseGrant, _ damage: MessageDamage, keeping head: MessageHead) {
        core.metrics.damagedMessages += 1
        core.aside.keep(head)
        guard let holder = core.queue.holder(of: grant.id), core.queue.beginSettling(grant.id, holder: holder) != nil else { return }
        let now = core.queue.now()
        let expiry = core.queue.received(grant.message) + core.queue.policy(of: grant.route).retry.expiration
        let isOver = now >= expiry
        core.log.error(
            "message is damaged and not delivered",
            metadata: [
                "queue_id": "\(grant.message.id)", "reason": "\(damage.reason)",
                "consequence": isOver ? "given up, the sender is told" : "held until \(expiry)",
            ])
        var failed: [FailedRecipient] = []
        let settlements = grant.recipients.map { recipient in
            guard isOver else {
                return Settlement(
                    index: recipient.index,
                    change: .deferred(nextAttempt: expiry, attempts: recipient.attempts + 1, lastError: "\(damage)"))
            }
            let outcome = Self.ownWord(on: recipient, Self.damaged)
            failed.append(Self.failed(recipient, outcome, at: now, isExpired: false))
            core.metrics.failedRecipients += 1
            log("failed", grant, recipient, outcome)
            return Settlement(index: recipient.index, change: .finished)
        }
        report(failed, on: grant) { [self] reports in
            core.queue.settle(grant.id, settlements, reports: reports, contact: .notTried) { [core] in
                if isOver, grant.message.isInFile { core.removeContentIfUnnamed(grant.message.id) }
            }
        }
    }

    private static let damaged = Reply(550, "5.3.0", "the message was damaged while it waited here, and cannot be delivered")

    /// Decides again about the recipients of a lease that nobody has been given yet.
    ///
    /// - Parameter completion: `true`: all of them keep their way, and the lease stands. `false`: the lease has ended, and what became of
    ///   its recipients is durable.
    func reroute(_ grant: LeaseGrant, completion: @escaping (_ stays: Bool) -> Void) {
        guard let holder = core.queue.holder(of: grant.id) else { return completion(false) }
        core.queue.message(grant.message.id, recipients: grant.recipients.map(\.index)).assumeIsolated().whenComplete { [self] result in
            guard case .success(let message?) = result else {
                // It cannot be told yet. Going round at once would have no end.
                core.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [core] in
                    core.queue.settle(grant.id, [], contact: .notTried) { completion(false) }
                }
                return
            }
            // The holder has gone while the store was read, and the work may be another's.
            guard core.queue.isHeld(grant.id, by: holder) else { return completion(false) }
            let stored = Dictionary(message.recipients.map { ($0.index, $0) }) { first, _ in first }
            let ways = grant.recipients.map { recipient in
                let way = core.reroute(
                    recipient.recipient.address, writtenTo: stored[recipient.index]?.writtenTo, of: message, from: grant.route.connector)
                return (recipient: recipient, way: way)
            }
            let stays = ways.allSatisfy { if case .success(grant.route) = $0.way { true } else { false } }
            if stays {
                if stayed.count >= Self.mostStayed { stayed.removeAll() }
                stayed.insert(grant.id)
                return completion(true)
            }
            guard core.queue.beginSettling(grant.id, holder: holder) != nil else { return completion(false) }
            let now = core.queue.now()
            var settlements: [Settlement] = []
            var failed: [FailedRecipient] = []
            for (recipient, way) in ways {
                switch way {
                // It is due again at once, and stays then.
                case .success(grant.route): continue
                case .success(let route):
                    settlements.append(Settlement(index: recipient.index, change: .rerouted(route)))
                    log("rerouted", grant, recipient, Self.ownWord(on: recipient, nil), ["new_connector": route.connector])
                case .failure(let refusal) where refusal.reply.isTransientFailure:
                    let outcome = Self.ownWord(on: recipient, refusal.reply)
                    settlements.append(deferral(of: recipient, outcome, on: grant, now: now, failed: &failed))
                case .failure(let refusal) where core.topology.onRerouteRefusal == .hold:
                    let outcome = Self.ownWord(on: recipient, refusal.reply)
                    let expiry = core.held.expiry(of: grant.message, on: grant.route)
                    if now >= expiry {
                        settlements.append(self.expiry(of: recipient, outcome, on: grant, now: now, failed: &failed))
                    } else {
                        let reason = HeldReason(since: now, reason: "\(refusal.reply)")
                        settlements.append(Settlement(index: recipient.index, change: .held(reason, until: expiry)))
                        log("held", grant, recipient, outcome)
                        core.held.noteHeld(grant.message.id, refusal.reply)
                    }
                case .failure(let refusal):
                    let outcome = Self.ownWord(on: recipient, refusal.reply)
                    settlements.append(Settlement(index: recipient.index, change: .finished))
                    failed.append(Self.failed(recipient, outcome, at: now, isExpired: false))
                    core.metrics.failedRecipients += 1
                    log("failed", grant, recipient, outcome)
                }
            }
            report(failed, on: grant) { [self] reports in
                core.queue.settle(grant.id, settlements, reports: reports, contact: .notTried) { [self] in
                    completion(false)
                    if grant.message.isInFile { core.removeContentIfUnnamed(grant.message.id) }
                }
            }
        }
    }

    /// Records the outcome of a lease that was the holder's and has ended: what is delivered is delivered, whoever has the lease now; the
    /// rest is theirs to say.
    ///
    /// A holder's word counts for mail of its own carrier only (law 3).
    func recordLate(_ held: HeldLease, _ outcomes: [RecipientOutcome], carrier: Carrier, completion: @escaping () -> Void) {
        core.queue.forgetEnded(held.lease, carrier: carrier)
        let delivered = Set(outcomes.filter { $0.result == .delivered }.map(\.index))
        guard !delivered.isEmpty else { return completion() }
        underWay[held.lease] = []
        recordDelivered(delivered, held, carrier: carrier) { [self] in
            completion()
            tellOthers(held.lease)
        }
    }

    private func recordDelivered(_ delivered: Set<UInt32>, _ held: HeldLease, carrier: Carrier, completion: @escaping () -> Void) {
        core.queue.message(held.message, recipients: Array(delivered)).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure:
                // It cannot be told yet; nothing that was delivered may be forgotten.
                core.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in
                    recordDelivered(delivered, held, carrier: carrier, completion: completion)
                }
            case .success(let message):
                let present = message?.recipients.filter { delivered.contains($0.index) && $0.route.carrier == carrier } ?? []
                guard !present.isEmpty else { return completion() }
                for recipient in present {
                    core.log.warning(
                        "delivered under a lease that had ended: it may have been delivered twice",
                        metadata: [
                            "queue_id": "\(held.message)", "to": "\(recipient.recipient.address)", "lease": "\(held.lease)",
                        ])
                }
                core.queue.settleLate(held.message, finished: present.map(\.index)) { [self] in
                    completion()
                    core.removeContentIfUnnamed(held.message)
                }
            }
        }
    }

    /// Tried again by the retry schedule (E07), or given up when it is as old as it may get (E09).
    private func deferral(
        of recipient: LeaseGrant.Recipient, _ outcome: RecipientOutcome, on grant: LeaseGrant, wasInterrupted: Bool = false,
        now: Timestamp, failed: inout [FailedRecipient]
    ) -> Settlement {
        let attempts = recipient.attempts + 1
        let retry = core.queue.policy(of: grant.route).retry
        guard
            var next = retry.nextAttempt(
                after: attempts, receivedAt: core.queue.received(grant.message), now: now, wasInterrupted: wasInterrupted)
        else { return expiry(of: recipient, outcome, on: grant, now: now, failed: &failed) }
        // Another way is looked for at once, unless that has just been done in vain.
        if core.mayHaveOtherWay(grant.route.connector), !stayed.contains(grant.id) { next = now }
        core.metrics.deferredAttempts += 1
        log("deferred", grant, recipient, outcome, ["next_attempt_at": "\(next)"])
        return Settlement(
            index: recipient.index, change: .deferred(nextAttempt: next, attempts: attempts, lastError: describe(outcome)))
    }

    /// The next hop was not reached: that is no attempt of the message. It waits for as long as its next hop is left alone.
    ///
    /// - Returns: nil where the recipient is due again at once: other connections to the next hop are there, or another way may be.
    private func unreached(
        _ recipient: LeaseGrant.Recipient, _ outcome: RecipientOutcome, on grant: LeaseGrant, now: Timestamp,
        failed: inout [FailedRecipient]
    ) -> Settlement? {
        if core.mayHaveOtherWay(grant.route.connector) {
            // Nobody leaves its next hop alone then: that was looked for in vain, and must not go round at once.
            guard stayed.contains(grant.id) else { return nil }
            return deferral(of: recipient, outcome, on: grant, wasInterrupted: true, now: now, failed: &failed)
        }
        let expiry = core.queue.received(grant.message) + core.queue.policy(of: grant.route).retry.expiration
        guard now < expiry else { return self.expiry(of: recipient, outcome, on: grant, now: now, failed: &failed) }
        guard let contact = core.queue.nextContact(afterFailureOf: grant.id) else { return nil }
        let next = min(contact, expiry)
        core.metrics.deferredAttempts += 1
        log("deferred", grant, recipient, outcome, ["next_attempt_at": "\(next)", "attempts": "\(recipient.attempts)"])
        return Settlement(
            index: recipient.index, change: .deferred(nextAttempt: next, attempts: recipient.attempts, lastError: describe(outcome)))
    }

    private func expiry(
        of recipient: LeaseGrant.Recipient, _ outcome: RecipientOutcome, on grant: LeaseGrant, now: Timestamp,
        failed: inout [FailedRecipient]
    ) -> Settlement {
        failed.append(Self.failed(recipient, outcome, at: now, isExpired: true))
        core.metrics.failedRecipients += 1
        core.metrics.expiredRecipients += 1
        log("expired", grant, recipient, outcome)
        return Settlement(index: recipient.index, change: .finished)
    }

    /// What this system itself has to say of a recipient.
    private static func ownWord(on recipient: LeaseGrant.Recipient, _ reply: Reply?) -> RecipientOutcome {
        RecipientOutcome(
            index: recipient.index, attempts: recipient.attempts, result: .deferred,
            reply: reply ?? Reply(250, "2.0.0", "on another way"))
    }

    /// Those whose sender wants to hear of a failure (RFC 3461 §4.1).
    private static func notified(_ failed: [FailedRecipient], of recipients: [EnvelopeRecipient]) -> [FailedRecipient] {
        let silent = Set(recipients.filter { !($0.notify ?? .unspecified).contains(.failure) }.map { "\($0.address)" })
        return failed.filter { !silent.contains("\($0.finalRecipient)") }
    }

    private static func failed(
        _ recipient: LeaseGrant.Recipient, _ outcome: RecipientOutcome, at now: Timestamp, isExpired: Bool
    ) -> FailedRecipient {
        FailedRecipient(
            finalRecipient: recipient.recipient.address, originalRecipient: recipient.recipient.originalRecipient, reply: outcome.reply,
            remoteHost: outcome.remoteHost, lastAttempt: now, isExpired: isExpired)
    }

    /// Composes the report, if there is anything to report and anybody to report to. A null reverse-path never gets one (RFC 5321 §4.5.5):
    /// what has it is itself a report, and is kept.
    private func report(_ failed: [FailedRecipient], on grant: LeaseGrant, completion: @escaping ([QueuedMessage]) -> Void) {
        report(failed, of: grant.message, to: grant.recipients.map(\.recipient), completion: completion)
    }

    /// - Parameter recipients: those among which the failed ones are, as the sender named them.
    func report(
        _ failed: [FailedRecipient], of message: MessageHead, to recipients: [EnvelopeRecipient],
        completion: @escaping ([QueuedMessage]) -> Void
    ) {
        guard !failed.isEmpty else { return completion([]) }
        guard case .address(let sender) = message.sender.reversePath else {
            return core.badmail.keep(message, failed) { completion([]) }
        }
        let failed = Self.notified(failed, of: recipients)
        guard !failed.isEmpty else { return completion([]) }
        core.beginningOfContent(message) { [self] original in
            let report = DeliveryReport(
                host: core.topology.hostname, queueID: message.id, sender: sender, envelopeID: message.sender.envelopeID,
                postmaster: core.postmasterForHelp, arrival: message.receivedAt, date: .now(), recipients: failed, original: original
            ).message()
            core.system(report, to: sender) { [core] result in
                switch result {
                case .success(let queued): completion([queued])
                case .failure(let noWay):
                    core.badmail.keep(report.content, as: core.queue.nextID(), to: sender, reply: noWay.reply) { completion([]) }
                }
            }
        }
    }

    private func describe(_ outcome: RecipientOutcome) -> String {
        outcome.remoteHost.map { "\($0): \(outcome.reply)" } ?? "\(outcome.reply)"
    }

    private func log(
        _ event: String, _ grant: LeaseGrant, _ recipient: LeaseGrant.Recipient, _ outcome: RecipientOutcome, _ more: [String: String] = [:]
    ) {
        core.log.info(
            "\(event)",
            metadata: {
                var metadata: [String: String] = [
                    "queue_id": "\(grant.message.id)", "to": "\(recipient.recipient.address)", "connector": grant.route.connector,
                    "next_hop": grant.route.nextHop, "reply": "\(outcome.reply)", "attempts": "\(recipient.attempts + 1)",
                ]
                if let host = outcome.remoteHost { metadata["host"] = host }
                if let writtenTo = recipient.writtenTo { metadata["written_to"] = "\(writtenTo)" }
                if let original = recipient.recipient.originalRecipient {
                    metadata["original_recipient"] = LoggedText.bounded(OriginalRecipient(parameter: original)?.address ?? original)
                }
                metadata["message_id"] = grant.message.messageID
                metadata.merge(more) { $1 }
                return metadata.mapValues { .string($0) }
            }())
    }
}

extension MessageHead {
    var isInFile: Bool {
        if case .file = content { true } else { false }
    }
}
