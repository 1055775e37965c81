/// How one transaction ended: an outcome for each recipient, and what is left of the connection.
public struct DeliveryResult: Hashable, Sendable {
    /// One for each recipient of the message, in its order.
    public let outcomes: [DeliveryOutcome]
    public let connection: ConnectionResult
    /// The recipients, by their place in `outcomes`, whose last word is our own: the remote server never said it, and no report may put
    /// it into its mouth (RFC 3464 §2.3.5).
    public let ownWords: Set<Int>
    /// Extensions that the remote server announced, and refused a command for. The outcomes that this decided are `retryAtOnce`: the next
    /// transaction does without, on this connection by itself, on another by its settings.
    public let refusedExtensions: Set<RemoteExtension>

    public init(
        outcomes: [DeliveryOutcome], connection: ConnectionResult, ownWords: Set<Int> = [], refusedExtensions: Set<RemoteExtension> = []
    ) {
        (self.outcomes, self.connection, self.ownWords) = (outcomes, connection, ownWords)
        self.refusedExtensions = refusedExtensions
    }
}
