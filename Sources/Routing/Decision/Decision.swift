import MailVocabulary

/// What becomes of one recipient, and why (law 4).
public struct Decision: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// Accepted, for one or more final addresses.
        case deliver([RoutedRecipient])
        /// Refused with this reply; at a delivery attempt, the reason of the report.
        case refuse(Reply)
    }

    public let outcome: Outcome
    public let trace: DecisionTrace

    public init(outcome: Outcome, trace: DecisionTrace) { (self.outcome, self.trace) = (outcome, trace) }

    /// The final addresses; empty where the recipient is refused.
    public var routes: [RoutedRecipient] {
        if case .deliver(let routes) = outcome { routes } else { [] }
    }

    /// The refusal, if it is one.
    public var refusal: Reply? {
        if case .refuse(let reply) = outcome { reply } else { nil }
    }
}

/// A final address, and the way it takes.
public struct RoutedRecipient: Hashable, Sendable {
    /// The final address, aliases and groups followed.
    public let address: EmailAddress
    /// The address written to.
    public let original: EmailAddress
    /// The name of the connector that carries it.
    public let connector: String
    public let nextHop: NextHop

    public init(address: EmailAddress, original: EmailAddress, connector: String, nextHop: NextHop) {
        (self.address, self.original, self.connector, self.nextHop) = (address, original, connector, nextHop)
    }
}
