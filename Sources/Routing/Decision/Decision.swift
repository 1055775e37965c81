import MailVocabulary

/// What becomes of one recipient, and why (law 4).
public struct Decision: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// Accepted, for one or more final addresses.
        case deliver(RoutedRecipients)
        /// Refused; at a delivery attempt, the reason of the report.
        case refuse(Refusal)
    }

    public let outcome: Outcome
    public let trace: DecisionTrace

    public init(outcome: Outcome, trace: DecisionTrace) { (self.outcome, self.trace) = (outcome, trace) }

    /// The final addresses; empty where the recipient is refused.
    public var routes: RoutedRecipients {
        if case .deliver(let routes) = outcome { routes } else { [] }
    }

    /// The refusal, if it is one.
    public var refusal: Refusal? {
        if case .refuse(let refusal) = outcome { refusal } else { nil }
    }
}
