import MailVocabulary
import Topology

/// The decision is taken three times, by the same rules ("The decision, exactly", rule 6): `decide` at `RCPT`, `confirm` at the end of
/// the data, `reroute` before a delivery attempt. The first two refuse in the dialogue, only the last makes a report.
extension RoutingTable {
    /// Decides on one recipient at `RCPT`: rules 0 to 6.
    ///
    /// A function of its arguments alone: the same answers live mail and `postern explain` (law 4).
    ///
    /// - Parameter directory: asked what a rule needs, and no more.
    /// - Throws: only what `directory` throws.
    public func decide<D: RoutingDirectory>(
        _ facts: RecipientFacts, states: ConnectorStates = .allUp, directory: D
    ) throws(D.Failure) -> Decision {
        var course = DecisionCourse(table: self, facts: facts, states: states)
        if case .submission(let session) = facts.origin, !course.admits(session) { return course.decision }
        course.replaceDomain()
        if let domain = course.findStanding(of: course.recipient) {
            try course.decideOurs(try directory.answer(for: course.recipient), in: domain, directory)
        } else {
            try course.decideForeign(course.recipient, directory)
        }
        return course.decision
    }

    /// Decides again at the end of the data, when size, priority and type of the message are known (E15).
    ///
    /// - Parameters:
    ///   - facts: of the recipient at `RCPT`, with what has become known since.
    ///   - routes: of the same recipient, as `decide` found them. Those of a group are decided about by class, without asking the directory
    ///     about each member.
    /// - Returns: the routes that are left, perhaps over other connectors; or, where none is, the refusal. One message has one reply:
    ///   a refusal is the reply to all of it.
    /// - Throws: only what `directory` throws.
    public func confirm<D: RoutingDirectory>(
        _ facts: RecipientFacts, routes: RoutedRecipients, states: ConnectorStates = .allUp, directory: D
    ) throws(D.Failure) -> Decision {
        var course = DecisionCourse(table: self, facts: facts, states: states)
        guard restrictsContent else {
            course.trace.append(.contentUnrestricted)
            course.take(routes, refusal: nil)
            return course.decision
        }
        switch routes.storage {
        case .listed(let routes):
            for route in routes {
                course.trace.append(.decidedAgain(route.address, .endOfData))
                // Asked for at `RCPT`, a moment ago.
                try course.decideAgain(route.address, answer: route.connector.isEmpty ? .unknown : nil, directory)
            }
        case .shared(let shared) where shared.destinations.table === self:
            try course.reachAll(shared.destinations, .endOfData, keeping: { shared.ways[$0] != nil }, directory)
        case .shared(let shared):
            // The configuration was changed meanwhile, and has other classes.
            let kept = try Destinations(shared.destinations.kept(by: shared.isKept), by: self, directory: directory)
            try course.reachAll(kept, .endOfData, directory)
        }
        return course.decision
    }

    /// Decides again on a recipient that is in the queue: before each delivery attempt, since the configuration may have changed.
    ///
    /// Aliases and groups are not followed again: the final address stays what it is. An address of ours must still be in the
    /// directory, or its domain shared; a recipient that was not ours when it was written to must still be permitted to be relayed.
    ///
    /// - Parameters:
    ///   - facts: as recorded when the message came in; `recipient` is the address written to.
    ///   - address: the final address.
    ///   - connector: the one that has it so far; the trace says what became of it. Empty: E06's host has it.
    ///   - directory: asked what a rule needs, and no more.
    /// - Returns: one route, or the refusal that is the reason of the report.
    /// - Throws: only what `directory` throws.
    public func reroute<D: RoutingDirectory>(
        _ facts: RecipientFacts, to address: EmailAddress, from connector: String, states: ConnectorStates = .allUp, directory: D
    ) throws(D.Failure) -> Decision {
        var course = DecisionCourse(table: self, facts: facts, states: states)
        course.trace.append(.decidedAgain(address, .deliveryAttempt))
        if !connector.isEmpty, !hasConnector(connector) { course.trace.append(.connectorVanished(connector)) }
        try course.decideAgain(meant(by: address), answer: nil, directory)
        if let route = course.routes.first, route.connector != connector {
            course.trace.append(.routeChanged(from: connector, to: route.connector))
        }
        return course.decision
    }
}

extension DecisionCourse {
    /// - Parameters:
    ///   - answer: of the directory; nil: it is asked.
    ///   - naming: the entries of `permissions.receive` that name the address; nil: they are looked up.
    mutating func decideAgain<D: RoutingDirectory>(
        _ address: EmailAddress, answer: DirectoryAnswer?, naming: [ReceiveIndex.Naming]? = nil, _ directory: D
    ) throws(D.Failure) {
        if let domain = findStanding(of: address) {
            let answer = if let answer { answer } else { try directory.answer(for: address) }
            try decideOursAgain(address, answer, in: domain, naming: naming, directory)
        } else if table.ourDomain(recipient.domain) != nil, recipient != address {
            // It was written to an address of ours that led there: no relay (rule 1).
            trace.append(.forwarded(KnownRecipient.Outside(address, via: recipient)))
            try route(address, directory)
        } else {
            try decideForeign(address, directory)
        }
    }
}
