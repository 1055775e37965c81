import CoreLink
import DurableStorage
import Logging
import MailVocabulary
import MessageQueue
import NIOCore

/// The core's end of one connection of a holder: gives out work, streams its content, takes outcomes.
///
/// Confined to the core's event loop.
final class LeaseServerSession {
    typealias Connection = LinkChannel<LeaseRequest, LeaseResponse>

    private let core: Core
    private let connection: Connection
    private let carrier: Carrier
    private let holder: UInt64
    private let processID: Int32
    private let token: UInt64
    /// The first connection of the holder, which says what it holds.
    private var isFirst = false
    private var hasPresented = false
    /// It holds nothing more, it said.
    private var hasEnded = false
    private var isWaiting = false
    /// Of the last lease on this connection: the only next hop that the holder can have a connection open to.
    private var lastRoute: Route?
    /// The lease that was given out on this connection.
    private var current: LeaseID?
    private var sender: ContentSender?
    private var isGone = false

    init(core: Core, connection: Connection, carrier: Carrier, holder: UInt64, processID: Int32, token: UInt64) {
        (self.core, self.connection, self.carrier) = (core, connection, carrier)
        (self.holder, self.processID, self.token) = (holder, processID, token)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] error in
            if case .malformed(let error) = error { logBreach("\(error)") }
            ended()
        }
        connection.onWritable = { [self] in sender?.proceed() }
    }

    /// The core runs with another revision of the configuration now.
    func tell(_ revision: String) {
        guard isFirst else { return }
        connection.send(.reconfigured(revision))
        connection.flush()
    }

    private func received(_ request: LeaseRequest) {
        guard core.queue.mayTake(holder, carrier: carrier) else { return violated("it goes by the id of a holder of another role") }
        guard !hasEnded else { return violated("it went on after its farewell") }
        switch request {
        case .present(let leases): presented(leases)
        case .lease(let preferred):
            guard !isWaiting, current == nil else { return violated("it asked for work while it has some, or waits for some") }
            guard let preferred else {
                isWaiting = true
                return awaitAnyLease()
            }
            let route = Route(connector: preferred.connector, nextHop: preferred.nextHop, carrier: carrier)
            guard route == lastRoute else { return violated("it asked for a next hop that it had no work for") }
            isWaiting = true
            core.queue.awaitMore(holder: holder, token: token, route: route) { [self] in granted($0, isForOpenConnection: true) }
        case .outcome(let held, let outcomes, let reached): ended(held, outcomes, reached: reached)
        case .renew(let leases):
            guard leases.count <= LeaseRequest.maximumPresented else {
                return violated("it renewed \(leases.count) leases, more than \(LeaseRequest.maximumPresented)")
            }
            for lease in leases where core.queue.isHeld(lease, by: holder) { core.queue.renew(lease) }
        case .report(let report):
            guard hasPresented else { return violated("it spoke of itself before it presented leases") }
            core.daemons.say(report, carrier == .mailbox ? .mailbox : .delivery, holder: holder, over: self)
        case .farewell:
            core.queue.forget(holder: holder)
            (isFirst, hasEnded) = (false, true)
        }
    }

    private func presented(_ leases: [HeldLease]) {
        guard !hasPresented else { return violated("it presented leases twice") }
        guard leases.count <= LeaseRequest.maximumPresented else {
            return violated("it presented \(leases.count) leases, more than \(LeaseRequest.maximumPresented)")
        }
        (hasPresented, isFirst) = (true, true)
        let record = HolderRecord(id: holder, carrier: carrier, processID: processID)
        core.queue.remember(record) { [self] in
            guard isFirst, !isGone else { return core.queue.forget(holder: holder) }
            core.queue.present(leases.map(\.presented), by: record) { [self] confirmed in
                guard isFirst, !isGone else { return core.queue.forget(holder: holder) }
                if !leases.isEmpty {
                    core.log.info("holder is back", metadata: ["presented": "\(leases.count)", "confirmed": "\(confirmed.count)"])
                }
                connection.send(.confirmed(confirmed))
                connection.flush()
            }
        }
    }

    /// The holder says what became of a lease.
    private func ended(_ held: HeldLease, _ outcomes: [RecipientOutcome], reached: Bool) {
        let claim = core.queue.claim(held.presented, outcomes: outcomes.map(\.index), holder: holder, carrier: carrier)
        if case .foreign(let what) = claim { return violated("it said what became of a lease: \(what)") }
        if current == held.lease {
            current = nil
            stopSending()
        }
        let completion = { [self] in
            if isGone { return }
            connection.send(.recorded(held.lease))
            connection.flush()
        }
        switch claim {
        case .standing:
            let failure = outcomes.first { $0.result == .deferred || $0.result == .interrupted }?.reply
            let contact = reached ? HopContact.reached : .notReached(failure ?? Reply(451, "4.4.1", "the next hop was not reached"))
            core.recorder.record(held.lease, outcomes, contact: contact, holder: holder, completion: completion)
        case .ended: core.recorder.recordLate(held, outcomes, carrier: carrier, completion: completion)
        case .over, .foreign: core.recorder.recordedOnce(held.lease, completion)
        }
    }

    private func awaitAnyLease() {
        isWaiting = true
        core.queue.awaitLease(carrier, holder: holder, token: token) { [self] in granted($0, isForOpenConnection: false) }
    }

    private func stopSending() {
        sender?.cancel()
        sender = nil
    }

    /// - Parameter isForOpenConnection: the holder has a connection to the next hop: nothing but work for that one may come.
    private func granted(_ grant: LeaseGrant?, isForOpenConnection: Bool) {
        isWaiting = false
        guard let grant else {
            connection.send(.idle)
            connection.flush()
            return
        }
        if isGone { return core.queue.release(grant.id) }
        guard core.isDoubtful(grant.route, receivedAt: grant.message.receivedAt) else { return send(grant) }
        // The recipients take the way that they would take today. One message after another: a connector that is gone may have had many.
        isWaiting = true
        core.recorder.reroute(grant) { [self] stays in
            isWaiting = false
            switch (stays, isGone) {
            case (true, true): core.queue.release(grant.id)
            case (true, false): send(grant)
            case (false, true): break
            case (false, false): isForOpenConnection ? granted(nil, isForOpenConnection: true) : awaitAnyLease()
            }
        }
    }

    private func send(_ grant: LeaseGrant) {
        (current, lastRoute) = (grant.id, grant.route)
        connection.send(
            .work(
                LeasedWork(
                    lease: grant.id, message: grant.message.id, connector: grant.route.connector, nextHop: grant.route.nextHop,
                    sender: grant.message.sender, receivedAt: grant.message.receivedAt, size: UInt64(grant.message.size),
                    has8BitOctets: grant.message.has8BitOctets,
                    recipients: grant.recipients.map {
                        LeasedRecipient(index: $0.index, attempts: $0.attempts, recipient: $0.recipient)
                    }, mayBeRepeat: grant.mayBeRepeat)))
        switch grant.message.content {
        case .inline(let bytes): send(bytes)
        case .file: stream(grant)
        case .damaged: damaged(grant, Self.changedContent)
        case nil:
            core.queue.message(grant.message.id, recipients: []).assumeIsolated().whenComplete { [self] result in
                guard current == grant.id, !isGone else { return }
                guard case .success(let message?) = result else { return unavailable(grant, "\(result)") }
                switch message.head.content {
                case .inline(let bytes): send(bytes)
                case .damaged: damaged(grant, Self.changedContent, content: message.head)
                case .file, nil: unavailable(grant, "the queue does not say where it lies")
                }
            }
        }
    }

    private func send(_ bytes: ByteBuffer) {
        var rest = bytes
        while let chunk = rest.readSlice(length: min(rest.readableBytes, Frame.maximumContent)), chunk.readableBytes > 0 {
            connection.send(.content(chunk))
        }
        connection.send(.contentEnded)
        connection.flush()
    }

    private func stream(_ grant: LeaseGrant) {
        connection.flush()
        let sender = ContentSender(grant.message, core: core, connection: connection) { [self] result in
            guard current == grant.id, !isGone else { return }
            self.sender = nil
            switch result {
            case .success: break
            case .failure(let damage as MessageDamage): damaged(grant, damage)
            case .failure(let error): unavailable(grant, "\(error)")
            }
        }
        self.sender = sender
        sender.proceed()
    }

    /// The content cannot be read: nothing is lost by trying again later, and going round at once would have no end.
    private func unavailable(_ grant: LeaseGrant, _ reason: String) {
        core.log.error("content cannot be read", metadata: ["queue_id": "\(grant.message.id)", "error": "\(reason)"])
        current = nil
        core.recorder.deferAll(grant, reply: Reply(451, "4.3.0", "the content cannot be read"))
        connection.send(.contentUnavailable)
        connection.flush()
    }

    private static let changedContent = MessageDamage("its content in queue.sqlite is not what came in")

    /// The content is not what came in: nobody gets it, and it stays where it is.
    ///
    /// - Parameter content: the message with what was read of its content; nil: as in the grant.
    private func damaged(_ grant: LeaseGrant, _ damage: MessageDamage, content: MessageHead? = nil) {
        current = nil
        core.recorder.hold(grant, damage, keeping: content ?? grant.message)
        connection.send(.contentUnavailable)
        connection.flush()
    }

    private func violated(_ what: String) {
        logBreach(what)
        connection.close()
    }

    private func logBreach(_ what: String) {
        var metadata: Logger.Metadata = ["reason": "\(what)"]
        if let current, let grant = core.queue.grant(of: current) { metadata["queue_id"] = "\(grant.message.id)" }
        core.log.warning("a holder broke the protocol; its connection is closed", metadata: metadata)
    }

    private func ended() {
        isGone = true
        stopSending()
        core.ended(self)
        // A core that stops leaves the leases to be presented to the next one.
        if core.isStopping { return }
        if isWaiting { core.queue.cancelWaiting(carrier, token: token) }
        if let current { core.queue.release(current) }
        current = nil
        if isFirst { core.queue.forget(holder: holder) }
    }
}

extension HeldLease {
    fileprivate var presented: MessageQueue.Presented { .init(lease: lease, message: message, recipients: recipients) }
}
