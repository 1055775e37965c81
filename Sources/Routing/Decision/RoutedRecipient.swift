import MailVocabulary

/// A final address, and the way it takes.
public struct RoutedRecipient: Hashable, Sendable {
    /// The schedule of the connector is closed (E14). Nothing follows schedules yet: the mail goes at once all the same.
    public enum Hold: Hashable, Sendable {
        /// Its next window opens then.
        case until(Timestamp)
        /// It never opens.
        case untilReconfigured
    }

    /// The final address, aliases and groups followed.
    public let address: EmailAddress
    /// The address written to.
    public let original: EmailAddress
    /// The name of the connector that carries it; empty where the domain's host for unknown recipients gets it (E06).
    public let connector: String
    public let nextHop: NextHop
    /// What the schedule of the connector says; nil: it is open, or there is none. Told in the trace alone: nothing follows it yet.
    public let hold: Hold?

    public init(address: EmailAddress, original: EmailAddress, connector: String, nextHop: NextHop, hold: Hold? = nil) {
        (self.address, self.original, self.connector, self.nextHop, self.hold) = (address, original, connector, nextHop, hold)
    }
}
