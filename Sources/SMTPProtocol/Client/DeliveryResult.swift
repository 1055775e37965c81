/// How one transaction ended: an outcome for each recipient, and what is left of the connection.
public struct DeliveryResult: Hashable, Sendable {
    /// One for each recipient of the message, in its order.
    public let outcomes: [DeliveryOutcome]
    public let connection: ConnectionResult

    public init(outcomes: [DeliveryOutcome], connection: ConnectionResult) {
        (self.outcomes, self.connection) = (outcomes, connection)
    }
}
