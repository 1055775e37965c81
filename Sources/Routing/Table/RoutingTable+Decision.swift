import MailVocabulary
import Topology

extension RoutingTable {
    /// Decides on one recipient: rules 1, 2a, 3, 5 and 6 of "The decision, exactly".
    ///
    /// A function of its arguments alone: the same answers live mail and `postern explain` (law 4).
    ///
    /// - Parameters:
    ///   - directory: asked at most once, and only for a recipient in one of our domains.
    /// - Throws: only what `directory` throws.
    public func decide<Failure: Error>(
        _ facts: RecipientFacts, states: ConnectorStates = .allUp, directory: (EmailAddress) throws(Failure) -> DirectoryAnswer
    ) throws(Failure) -> Decision {
        var course = DecisionCourse(table: self, facts: facts, states: states)
        if let domain = course.findStanding(of: facts.recipient) {
            course.decideOurs(try directory(facts.recipient), in: domain)
        } else {
            course.decideForeign()
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
    ///   - connector: the one that has it so far; the trace says what became of it.
    ///   - directory: asked at most once, and only for a final address in one of our domains.
    /// - Returns: one route, or the refusal that is the reason of the report.
    public func reroute<Failure: Error>(
        _ facts: RecipientFacts, to address: EmailAddress, from connector: String, states: ConnectorStates = .allUp,
        directory: (EmailAddress) throws(Failure) -> DirectoryAnswer
    ) throws(Failure) -> Decision {
        var course = DecisionCourse(table: self, facts: facts, states: states)
        course.trace.append(.decidedAgain(address))
        if !hasConnector(connector) { course.trace.append(.connectorVanished(connector)) }
        if let domain = course.findStanding(of: address) {
            course.decideOursAgain(address, isKnown: try directory(address) != .unknown, in: domain)
        } else if ourDomain(facts.recipient.domain) != nil, facts.recipient != address {
            // It was written to an address of ours that led there: no relay (rule 1).
            course.trace.append(.forwarded(KnownRecipient.Outside(address, via: facts.recipient)))
            course.route(address)
        } else {
            course.decideForeign(address)
        }
        if let route = course.routes.first, route.connector != connector {
            course.trace.append(.routeChanged(from: connector, to: route.connector))
        }
        return course.decision
    }
}
