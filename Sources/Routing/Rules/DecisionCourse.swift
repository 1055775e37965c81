import MailVocabulary
import Topology

/// A decision under way.
///
/// The rules are in extensions, one file each; each course ends in a route or a refusal.
struct DecisionCourse: Sendable {
    let table: RoutingTable
    let facts: RecipientFacts
    /// The address that is meant by the one written to: another one only where its domain is an alias (rule 1).
    let recipient: EmailAddress
    let states: ConnectorStates
    var trace = DecisionTrace()
    private(set) var routes: RoutedRecipients = []
    private(set) var refusal: Refusal?
    /// Who is logged in.
    var account: Person?
    /// The reverse-path of a session in which nobody is logged in.
    var anonymousSender: Person?
    /// The indices of the entries of `permissions.receive` that keep this sender away; nil until they are needed.
    var closedEntries: [Int]?

    init(table: RoutingTable, facts: RecipientFacts, states: ConnectorStates) {
        (self.table, self.facts, self.states) = (table, facts, states)
        recipient = table.meant(by: facts.recipient)
        account = facts.origin.account.map { Person($0) }
    }

    /// A recipient with at least one route is accepted; what its other targets met is in the trace.
    var decision: Decision {
        // Each course ends in a route or a refusal, so the one behind `??` is never used.
        let outcome =
            routes.isEmpty ? Decision.Outcome.refuse(refusal ?? table.noRoute.toStrangers) : .deliver(routes)
        return Decision(outcome: outcome, trace: trace)
    }

    /// The first refusal stands: it is what the sender hears where no target is left.
    ///
    /// - Parameters:
    ///   - location: where the rule itself says no better.
    ///   - words: the policy in plain words, for who is logged in.
    mutating func refuse(
        _ finding: DecisionStep.Finding, _ rule: RoutingRule, at location: SourceLocation? = nil,
        words: @autoclosure () -> Refusal? = nil
    ) {
        let word = (account == nil ? nil : words()) ?? rule.toStrangers
        trace.append(finding, at: location ?? rule.location, refusal: word)
        refusal = refusal ?? word
    }

    /// What was decided before.
    mutating func begin(with trace: DecisionTrace, refusal: Refusal?) { (self.trace, self.refusal) = (trace, refusal) }

    mutating func take(_ route: RoutedRecipient) { routes.append(route) }

    /// The routes of all members at once, and what is said where there are none.
    mutating func take(_ shared: RoutedRecipients, refusal: Refusal?) {
        routes = shared
        self.refusal = self.refusal ?? refusal
    }

    /// What is known of the sender, for another address.
    var withoutOutcome: DecisionCourse {
        var course = self
        (course.trace, course.routes, course.refusal) = (DecisionTrace(), [], nil)
        return course
    }

    /// What another course asked of the directory about the same sender need not be asked again.
    mutating func learn(from other: DecisionCourse) {
        (account, anonymousSender, closedEntries) = (other.account, other.anonymousSender, other.closedEntries)
    }
}
