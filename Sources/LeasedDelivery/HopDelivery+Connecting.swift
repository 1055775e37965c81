import CoreLink
import Logging
import MailVocabulary
import NIOCore
import SMTPClient
import SMTPProtocol

/// Reaching a host of the next hop.
extension HopDelivery {
    /// Between a refusal by a host that may still count a connection of ours, and the next attempt.
    private static var pauseAfterClose: TimeAmount { .seconds(1) }
    /// Such refusals in one attempt.
    private static var mostRefusalsAfterClose: Int { 3 }

    func resolve() {
        worker.resolve(work).assumeIsolated().whenSuccess { [self] resolution in
            switch resolution {
            case .plan(let plan):
                (self.plan, tried) = (plan, [])
                connect(toNext: true)
            case .failure(let reply):
                // A name that is known to lead nowhere is an answer.
                if reply.isPermanentFailure { isReached = true }
                giveUp(reply)
            }
        }
    }

    /// Connects to the next host, or to the candidate at hand once more.
    func connect(toNext isNext: Bool) {
        guard let plan, !session.isRevoked else { return finish() }
        let now = worker.now()
        let places = isNext ? plan.nextHost(tried: tried) { worker.memory.isSlow($0.endpoint, now: now) } : [candidate]
        guard let first = places.first else {
            return giveUp(Reply(451, "4.4.1", "no other host of the next hop is left to try"))
        }
        candidate = first
        connect(to: places, of: plan) { $0.settings }
    }

    /// - Parameter settings: those of the candidate, or others where these did not do.
    private func connect(to places: [Int], of plan: HopPlan, as settings: @escaping (HopPlan.Candidate) -> SMTPClientSettings) {
        let now = worker.now()
        let addresses = places.map { place in
            let candidate = plan.candidates[place]
            let refused = worker.memory.refused(by: candidate.endpoint, now: now)
            return HostAddress(endpoint: candidate.endpoint, settings: settings(candidate).avoiding(refused))
        }
        SMTPClientConnection.connect(toFirstOf: addresses, from: plan.source, on: worker.eventLoop).assumeIsolated().whenSuccess {
            [self] contact in
            candidate = places[contact.place]
            tried.formUnion((contact.failed + contact.slower + [contact.place]).map { places[$0] })
            for place in contact.slower { worker.memory.noteSlow(addresses[place].endpoint, now: worker.now()) }
            switch contact.result {
            case .success(let connection):
                worker.memory.noteAnswer(connection.endpoint)
                isReached = true
                let open = OpenConnection(
                    connection: connection, plan: plan, candidate: candidate, work: work, generation: worker.generation)
                session.attachment = open
                if session.isRevoked { return finish() }
                transact(on: open, isFresh: true)
            case .failure(let failure): notConnected(of: plan, as: addresses[contact.place].settings, failure)
            }
        }
    }

    private func notConnected(of plan: HopPlan, as settings: SMTPClientSettings, _ failure: SMTPConnectFailure) {
        let place = plan.candidates[candidate]
        var metadata: Logger.Metadata = ["queue_id": "\(work.message)", "next_hop": "\(work.nextHop)", "host": "\(place.name)"]
        metadata["reply"] = "\(failure.reply)"
        if failure.isOfTransportSecurity, !session.isRevoked, let inClear = settings.inClear {
            // TLS is welcome and not a condition (RFC 7435): once more, without it.
            worker.log.notice("no TLS with the next hop: sent in clear", metadata: metadata)
            return connect(to: [candidate], of: plan) { _ in inClear }
        }
        if mayBeOfClosing(failure, at: place) {
            refusalsAfterClose += 1
            worker.eventLoop.assumeIsolated().scheduleTask(in: Self.pauseAfterClose) { [self] in connect(toNext: false) }
            return
        }
        worker.log.log(level: failure.isOfLogin ? .warning : .info, "next hop not reached", metadata: metadata)
        if tried.count < plan.candidates.count, !isOverdue {
            connect(toNext: true)
        } else {
            // A server that refuses everybody today may not tomorrow: a 5yz banner is no word on this message.
            if let words = failure.wordsOfHost {
                notReached(words, refusedBy: place.host ?? place.name)
            } else {
                let reply = failure.reply
                notReached(Reply(reply.code, reply.status, lines: ["\(place.name): \(reply.lines[0])"] + reply.lines.dropFirst()))
            }
        }
    }

    /// Whether a refusal can be of a limit that counts a connection of ours which it has not seen end.
    private func mayBeOfClosing(_ failure: SMTPConnectFailure, at place: HopPlan.Candidate) -> Bool {
        guard refusalsAfterClose < Self.mostRefusalsAfterClose, !session.isRevoked, !isOverdue,
            worker.memory.mayCountClosed(place.endpoint, now: worker.now())
        else { return false }
        return switch failure {
        case .session(.bannerRefused), .session(.closed(.banner)): true
        default: false
        }
    }

    /// No host could be connected to. Where the next hop had answered before, what is left has not been tried: it is due again at once, and
    /// whoever gets it then finds out how the next hop is.
    ///
    /// - Parameter host: who said it; nil for our own word.
    private func notReached(_ reply: Reply, refusedBy host: String? = nil) {
        guard isReached, !outcomes.isEmpty else { return giveUp(reply, as: .interrupted, refusedBy: host) }
        for pending in batches.flatMap({ $0 }) where pending.soFar == nil {
            outcomes.append(Self.outcome(of: pending.recipient, .released, reply, nil))
        }
        batches = batches.map { $0.filter { $0.soFar != nil } }
        giveUp(reply, as: .interrupted, refusedBy: host)
    }
}
