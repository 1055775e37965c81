import DurableStorage
import Logging
import MailVocabulary
import MessageFormat
import MessageQueue
import Routing
import ServiceRuntime
import Topology

/// What is decided about mail: at `MAIL`, at `RCPT`, at the end of the data, and again before it is delivered.
extension Core {
    enum RecipientDecision {
        case accepted(RoutedRecipients, DecisionTrace)
        case refused(Reply)
    }

    /// Decides about one recipient at `RCPT`.
    ///
    /// - Parameters:
    ///   - destinations: where it leads, as `DestinationFinder` found it.
    ///   - room: final addresses that it may become at most.
    func decide(
        _ recipient: EnvelopeRecipient, leadingTo destinations: Destinations?, sender: EnvelopeSender, origin: MailOrigin, id: QueueID,
        room: Int
    ) -> RecipientDecision {
        decide(Self.facts(recipient.address, sender: sender, origin: origin, id: id), leadingTo: destinations, room: room)
    }

    private static func facts(_ recipient: EmailAddress, sender: EnvelopeSender, origin: MailOrigin, id: QueueID) -> RecipientFacts {
        let now = Timestamp.now()
        return RecipientFacts(
            origin: origin, reversePath: sender.reversePath, recipient: recipient, size: sender.declaredSize, message: id, time: now,
            utcOffset: LocalTime.offset(at: now.seconds))
    }

    /// Whether whoever is logged in may send with this reverse-path; nil where nothing speaks against it.
    func refusal(ofSender sender: EnvelopeSender, in session: SubmissionSession) -> Reply? {
        do {
            let verdict = try routing.decideSender(
                session, reversePath: sender.reversePath, directory: CoreDirectory(directory: directory))
            if let refusal = verdict.refusal { refusals.note(refusal, sender, in: session, at: .now(), verdict.trace) }
            return verdict.refusal?.reply
        } catch {
            log.error("the directory cannot be read", metadata: ["from": "\(sender.reversePath)", "error": "\(error)"])
            return Self.directoryFails
        }
    }

    static let directoryFails = Reply(451, "4.3.0", "Temporary failure of the directory, try again later")

    /// Whether the decision depends on what only the message itself tells.
    var looksAtContent: Bool { routing.restrictsContent || topology.permissions.checksHeader }

    /// Decides again at the end of the data (E15), about a recipient that was accepted at `RCPT`.
    func confirm(
        _ routes: RoutedRecipients, writtenTo recipient: EmailAddress, sender: EnvelopeSender, origin: MailOrigin, id: QueueID, size: Int,
        nature: MessageNature
    ) -> RecipientDecision {
        var known = Self.facts(recipient, sender: sender, origin: origin, id: id)
        (known.size, known.isAutomatic) = (size, nature.isAutomatic)
        known.priority =
            switch nature.priority {
            case .high: .high
            case .normal: .normal
            case .low: .low
            }
        return decide(known) { [routing, connectors] in
            try routing.confirm($0, routes: routes, states: connectors.states, directory: $1)
        }
    }

    /// - Parameter destinations: where the recipient leads, if that was found before.
    func decide(_ facts: RecipientFacts, leadingTo destinations: Destinations?, room: Int = .max) -> RecipientDecision {
        decide(facts, leadingTo: destinations, room: room) { [routing, connectors] in
            try routing.decide($0, states: connectors.states, directory: $1)
        }
    }

    private func decide(
        _ facts: RecipientFacts, leadingTo destinations: Destinations? = nil, room: Int = .max,
        by rules: (RecipientFacts, CoreDirectory) throws -> Decision
    ) -> RecipientDecision {
        let decision: Decision
        do {
            decision = try rules(
                facts, CoreDirectory(directory: directory, room: room, found: destinations.map { (routing.meant(by: facts.recipient), $0) })
            )
        } catch is TooManyRecipients {
            return .refused(TooManyRecipients.reply)
        } catch {
            log.error(
                "the directory cannot be read", metadata: ["queue_id": "\(facts.message)", "to": "\(facts.recipient)", "error": "\(error)"])
            return .refused(Self.directoryFails)
        }
        log.debug("decided", metadata: ["queue_id": "\(facts.message)", "to": "\(facts.recipient)", "trace": "\(decision.trace)"])
        switch decision.outcome {
        case .deliver(let routed): return .accepted(routed, decision.trace)
        case .refuse(let refusal):
            refusals.note(refusal, facts, decision.trace)
            return .refused(refusal.reply)
        }
    }

    /// Whether the configuration still carries this route.
    func carries(_ route: Route) -> Bool {
        guard let hop = NextHop(parsing: route.nextHop) else { return false }
        if case .unknownTo(let domain) = hop { return route.connector.isEmpty && topology.unknownRecipientsHost(of: domain) != nil }
        guard let connector = topology.connector(named: route.connector) else { return false }
        return switch (hop, connector.deliver) {
        case (.domain, .dns), (.address, .dns), (.maildir, .maildir), (.lmtp, .lmtp), (.held, .held): true
        case (.smartHosts, .smartHosts(_, let directFirst)): !directFirst
        case (.directFirst, .smartHosts(_, let directFirst)): directFirst
        default: false
        }
    }

    struct Refused: Error { let reply: Reply }

    /// Decides again on a recipient in the queue, by today's configuration and the facts that the queue has.
    ///
    /// - Parameters:
    ///   - writtenTo: as the queue recorded it; nil: the address itself.
    ///   - connector: the one that has it so far.
    /// - Throws: what the directory throws.
    func decideAgain(
        _ address: EmailAddress, writtenTo: EmailAddress?, of message: StoredMessage, from connector: String
    ) throws -> Decision {
        let origin = origin(of: message)
        let now = Timestamp.now()
        let facts = RecipientFacts(
            origin: origin, reversePath: message.head.sender.reversePath, recipient: writtenTo ?? address, size: message.head.size,
            message: message.head.id, time: now, utcOffset: LocalTime.offset(at: now.seconds))
        return try routing.reroute(
            facts, to: address, from: connector, states: connectors.states, directory: CoreDirectory(directory: directory))
    }

    /// The way that a recipient in the queue takes by today's configuration; parameters as of `decideAgain`.
    func reroute(
        _ address: EmailAddress, writtenTo: EmailAddress?, of message: StoredMessage, from connector: String
    ) -> Result<Route, Refused> {
        do {
            switch try decideAgain(address, writtenTo: writtenTo, of: message, from: connector).outcome {
            case .deliver(let routed):
                guard let first = routed.first else { return .failure(Refused(reply: Reply(550, "5.4.4", "no route"))) }
                return .success(Route(first))
            case .refuse(let refusal): return .failure(Refused(reply: refusal.reply))
            }
        } catch {
            return .failure(Refused(reply: Reply(451, "4.3.0", "the directory cannot be read")))
        }
    }

    /// As it was when the message came in; a virtual server that is gone was an edge: that permits least.
    private func origin(of message: StoredMessage) -> MailOrigin {
        let known = message.origin
        guard let address = known.clientAddress else { return .system }
        guard let server = topology.virtualServer(named: known.virtualServer), !server.isEdge else {
            return .edge(
                EdgeSession(virtualServer: known.virtualServer, clientAddress: address, confirmedHostName: known.confirmedHostName))
        }
        return .submission(
            SubmissionSession(
                virtualServer: known.virtualServer, clientAddress: address, confirmedHostName: known.confirmedHostName,
                account: known.account))
    }
}
