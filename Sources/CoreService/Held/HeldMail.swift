import DequeModule
import Logging
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore

/// Mail in the queue that the configuration refuses (`on_reroute_refusal: hold`): decided about again, given up in the end (E09), deleted.
///
/// One thing at a time, page by page: nothing is decided about twice at once, however many ask, and ten thousand held messages keep nobody
/// waiting. Confined to the core's event loop.
final class HeldMail {
    typealias Answer = (HeldAnswer) -> Void

    unowned let core: Core
    /// What is still to be done, the first being done now.
    private var jobs: Deque<(@escaping () -> Void) -> Void> = []
    private var isBusy = false
    /// A look at all held mail stands in line: another reload needs no second one.
    private var willLookAgain = false
    private var lastWarning: NIODeadline?
    private var heldSinceWarning = 0

    /// Recipients decided about between two reads of the store.
    static let page = 100
    /// How late held mail may be given up.
    static let sweep = TimeAmount.seconds(30)
    private static let betweenWarnings = TimeAmount.minutes(1)
    /// Things to do that may stand in line; further ones are refused.
    static let mostJobs = 100
    /// Recipients removed in one transaction.
    private static let removedAtOnce = 500

    init(core: Core) { self.core = core }

    /// At a start of the core: the configuration may be another than the one that refused.
    func begin() {
        lookAgain()
        sweepExpired()
    }

    /// Decides again about all held mail: what is permitted now goes out.
    func lookAgain() {
        guard !willLookAgain else { return }
        willLookAgain = true
        enqueue { [self] done in
            willLookAgain = false
            routeAgain(.refused, answer: { _ in }, pace: { $0() }, completion: { _ in done() })
        }
    }

    /// When a message is given up.
    func expiry(of message: MessageHead, on route: Route) -> Timestamp {
        core.queue.received(message) + core.queue.policy(of: route).retry.expiration
    }

    /// Says that mail is held: at once, and then once a minute at most.
    func noteHeld(_ id: QueueID, _ reply: Reply) {
        heldSinceWarning += 1
        let now = core.eventLoop.now
        if let lastWarning, now - lastWarning < Self.betweenWarnings { return }
        core.log.warning(
            "mail in the queue is refused by the configuration and held: see postern queue list --refused",
            metadata: ["queue_id": "\(id)", "reply": "\(reply)", "recipients": "\(heldSinceWarning)"])
        (lastWarning, heldSinceWarning) = (now, 0)
    }

    // MARK: What administrators ask for

    /// Decides again about held recipients, now.
    ///
    /// - Parameters:
    ///   - answer: called for each message with held recipients, and for a message that was asked for and has none.
    ///   - pace: called between two pages; goes on when it calls back.
    func release(
        _ selections: [HeldSelection], answer: @escaping Answer, pace: @escaping (@escaping () -> Void) -> Void,
        completion: @escaping (HeldEnd) -> Void
    ) {
        each(selections, completion: completion) { [self] selection, done in
            routeAgain(selection, answer: answer, pace: pace, completion: done)
        }
    }

    /// Removes mail from the queue without a report to anybody: of a message every recipient that is not being delivered, otherwise the held ones.
    ///
    /// - Parameter account: who asks, for the log.
    func delete(
        _ selections: [HeldSelection], by account: String, answer: @escaping Answer, pace: @escaping (@escaping () -> Void) -> Void,
        completion: @escaping (HeldEnd) -> Void
    ) {
        each(selections, completion: completion) { [self] selection, done in
            switch selection {
            case .message(let id): delete(id, by: account, answer: answer, completion: done)
            case .refused:
                pages(
                    of: .refused, pace: pace,
                    body: { [self] id, indices, next in
                        remove(indices[...], of: id, by: account, HeldAnswer(id)) {
                            answer($0)
                            next()
                        }
                    }, completion: done)
            }
        }
    }

    private func delete(_ id: QueueID, by account: String, answer: @escaping Answer, completion: @escaping (String?) -> Void) {
        core.queue.message(id).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure(let error): completion("\(error)")
            case .success(nil):
                answer(HeldAnswer(absent: id))
                completion(nil)
            case .success(let message?):
                remove(message.recipients.map(\.index)[...], of: id, by: account, HeldAnswer(id)) {
                    answer($0)
                    completion(nil)
                }
            }
        }
    }

    /// A message may have tens of thousands of recipients: some at a time.
    private func remove(
        _ indices: ArraySlice<UInt32>, of id: QueueID, by account: String, _ begun: HeldAnswer, completion: @escaping Answer
    ) {
        let (now, later) = (Array(indices.prefix(Self.removedAtOnce)), indices.dropFirst(Self.removedAtOnce))
        core.queue.remove(now, of: id) { [self] underWay in
            var made = begun
            made.deleted += now.count - underWay.count
            made.underWay += underWay.count
            guard later.isEmpty else { return remove(later, of: id, by: account, made, completion: completion) }
            if made.deleted > 0 {
                core.log.notice(
                    "deleted from the queue, without a report",
                    metadata: ["queue_id": "\(id)", "recipients": "\(made.deleted)", "by": "\(account)"])
                core.removeContentIfUnnamed(id)
            }
            completion(made)
        }
    }

    // MARK: Deciding again

    private func routeAgain(
        _ selection: HeldSelection, answer: @escaping Answer, pace: @escaping (@escaping () -> Void) -> Void,
        completion: @escaping (String?) -> Void
    ) {
        var last: HeldAnswer?
        pages(
            of: selection, pace: pace,
            body: { [self] id, indices, next in
                if let before = last, before.message != id {
                    answer(before)
                    last = nil
                }
                decide(indices, of: id, last ?? HeldAnswer(id)) {
                    last = $0
                    next()
                }
            },
            completion: { [self] failure in
                if let last { answer(last) }
                guard failure == nil, last == nil, case .message(let id) = selection else { return completion(failure) }
                // Nothing of it is held, or it is not there.
                core.queue.message(id, recipients: []).assumeIsolated().whenComplete { result in
                    switch result {
                    case .failure(let error): return completion("\(error)")
                    case .success(nil): answer(HeldAnswer(absent: id))
                    case .success: answer(HeldAnswer(id))
                    }
                    completion(nil)
                }
            })
    }

    private func decide(_ indices: [UInt32], of id: QueueID, _ begun: HeldAnswer, completion: @escaping Answer) {
        core.queue.message(id, recipients: indices).assumeIsolated().whenComplete { [self] result in
            guard case .success(let message?) = result else { return completion(begun) }
            var made = begun
            var settlements: [Settlement] = []
            var failed: [FailedRecipient] = []
            let now = core.queue.now()
            for recipient in message.recipients {
                guard let held = recipient.held else { continue }
                let way = core.reroute(
                    recipient.recipient.address, writtenTo: recipient.writtenTo, of: message, from: recipient.route.connector)
                switch way {
                case .success(let route):
                    made.released += 1
                    settlements.append(Settlement(index: recipient.index, change: .rerouted(route)))
                    log("released", message, recipient, ["connector": "\(route.connector)", "next_hop": "\(route.nextHop)"])
                case .failure(let refusal) where refusal.reply.isPermanentFailure && core.topology.onRerouteRefusal == .report:
                    made.reported += 1
                    settlements.append(Settlement(index: recipient.index, change: .finished))
                    failed.append(Self.failed(recipient, refusal.reply, at: now, isExpired: false))
                    log("failed", message, recipient, ["reply": "\(refusal.reply)"])
                case .failure(let refusal):
                    made.refused += 1
                    made.reason = "\(refusal.reply)"
                    let reason = HeldReason(since: held.since, reason: "\(refusal.reply)")
                    let expiry = expiry(of: message.head, on: recipient.route)
                    guard refusal.reply.isPermanentFailure, reason != held || recipient.nextAttempt != expiry else { continue }
                    settlements.append(Settlement(index: recipient.index, change: .held(reason, until: expiry)))
                }
            }
            settle(message, settlements, failed) { completion(made) }
        }
    }

    func settle(
        _ message: StoredMessage, _ settlements: [Settlement], _ failed: [FailedRecipient], completion: @escaping () -> Void
    ) {
        guard !settlements.isEmpty else { return completion() }
        core.metrics.failedRecipients += failed.count
        core.recorder.report(failed, of: message.head, to: message.recipients.map(\.recipient)) { [core] reports in
            core.queue.settleHeld(message.head.id, settlements, reports: reports) {
                if !failed.isEmpty { core.removeContentIfUnnamed(message.head.id) }
                completion()
            }
        }
    }

    static func failed(_ recipient: StoredRecipient, _ reply: Reply, at now: Timestamp, isExpired: Bool) -> FailedRecipient {
        FailedRecipient(
            finalRecipient: recipient.recipient.address, originalRecipient: recipient.recipient.originalRecipient, reply: reply,
            lastAttempt: now, isExpired: isExpired)
    }

    func log(_ event: String, _ message: StoredMessage, _ recipient: StoredRecipient, _ more: Logger.Metadata) {
        var metadata: Logger.Metadata = ["queue_id": "\(message.head.id)", "to": "\(recipient.recipient.address)"]
        if let writtenTo = recipient.writtenTo { metadata["written_to"] = "\(writtenTo)" }
        metadata.merge(more) { $1 }
        core.log.info("\(event)", metadata: metadata)
    }

    // MARK: One after the other

    func enqueue(_ job: @escaping (@escaping () -> Void) -> Void) {
        jobs.append(job)
        next()
    }

    private func next() {
        guard !isBusy, let job = jobs.popFirst() else { return }
        isBusy = true
        job { [self] in
            isBusy = false
            // Not from within the last one: a long line of short ones would be a deep one.
            core.eventLoop.assumeIsolated().execute { [self] in next() }
        }
    }

    private func each(
        _ selections: [HeldSelection], completion: @escaping (HeldEnd) -> Void,
        _ body: @escaping (HeldSelection, @escaping (String?) -> Void) -> Void
    ) {
        guard jobs.count < Self.mostJobs else { return completion(.tooMany) }
        enqueue { done in
            var rest = selections[...]
            func proceed(_ failure: String?) {
                if let selection = rest.popFirst(), failure == nil { return body(selection, proceed) }
                completion(failure.map { .failed($0) } ?? .done)
                done()
            }
            proceed(nil)
        }
    }

    /// Goes through held recipients, page by page, and in a page message by message.
    ///
    /// - Parameter completion: called with why the queue cannot be read, or nil.
    private func pages(
        of selection: HeldSelection, after last: (QueueID, UInt32)? = nil, pace: @escaping (@escaping () -> Void) -> Void,
        body: @escaping (QueueID, [UInt32], @escaping () -> Void) -> Void, completion: @escaping (String?) -> Void
    ) {
        var from = last
        if case .message(let id) = selection, from == nil { from = (QueueID(value: max(0, id.value - 1)), .max) }
        core.queue.heldEntries(after: from, limit: Self.page).assumeIsolated().whenComplete { [self] result in
            guard case .success(let read) = result else {
                core.log.error("the queue cannot be read", metadata: ["error": "\(result)"])
                return completion("\(result)")
            }
            var entries = read[...]
            if case .message(let id) = selection { entries = entries.prefix { $0.message == id } }
            guard let last = entries.last else { return completion(nil) }
            byMessage(
                entries, body: body,
                completion: { [self] in
                    guard entries.count == Self.page else { return completion(nil) }
                    pace { [self] in
                        pages(of: selection, after: (last.message, last.index), pace: pace, body: body, completion: completion)
                    }
                })
        }
    }

    func byMessage(
        _ entries: ArraySlice<QueueEntry>, body: @escaping (QueueID, [UInt32], @escaping () -> Void) -> Void,
        completion: @escaping () -> Void
    ) {
        guard let id = entries.first?.message else { return completion() }
        let indices = entries.filter { $0.message == id }.map(\.index)
        let rest = entries.filter { $0.message != id }
        body(id, indices) { [self] in byMessage(rest[...], body: body, completion: completion) }
    }
}
