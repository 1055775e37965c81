/// How one transaction ended: an outcome for each recipient, and what is left of the connection.
public struct DeliveryResult: Hashable, Sendable {
    /// One for each recipient of the message, in its order.
    public let outcomes: [DeliveryOutcome]
    public let connection: ConnectionResult
    /// The recipients, by their place in `outcomes`, whose last word is our own: the remote server never said it, and no report may put
    /// it into its mouth (RFC 3464 §2.3.5).
    public let ownWords: Set<Int>

    public init(outcomes: [DeliveryOutcome], connection: ConnectionResult, ownWords: Set<Int> = []) {
        (self.outcomes, self.connection, self.ownWords) = (outcomes, connection, ownWords)
    }
}
