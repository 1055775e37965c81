import DurableStorage
import MailVocabulary

/// Next hops that could not be reached, kept over a restart of the core.
extension QueueDatabase {
    /// Hops that are remembered; beyond that the next start finds out for itself.
    static let mostUnreachable = 10_000
    /// One whose next attempt was due so long ago is nobody's any more.
    private static let unreachableMemory = Duration.seconds(24 * 60 * 60)

    func remember(_ hop: UnreachableHop) throws {
        let statement = statements.rememberUnreachable
        try statement.bind(hop.route.nextHop, at: 1)
        try statement.bind(hop.route.connector, at: 2)
        try statement.bind(Int64(hop.route.carrier.rawValue), at: 3)
        try statement.bind(hop.since.microseconds, at: 4)
        try statement.bind(hop.until.microseconds, at: 5)
        try statement.bind(Int64(hop.failures), at: 6)
        try statement.bind(hop.lastError, at: 7)
        try statements.run(statement)
    }

    /// What was remembered, those first that are tried again soonest; the rest is forgotten. Once at start.
    public func unreachableHops(now: Timestamp) throws -> [UnreachableHop] {
        let oldest = now + (.zero - Self.unreachableMemory)
        try connection.execute(
            """
            DELETE FROM unreachable WHERE until < \(oldest.microseconds) OR (next_hop, connector, carrier) NOT IN (
                SELECT next_hop, connector, carrier FROM unreachable ORDER BY until LIMIT \(Self.mostUnreachable))
            """)
        let statement = try connection.prepare(
            "SELECT next_hop, connector, carrier, since, until, failures, reply FROM unreachable ORDER BY until")
        defer { statement.reset() }
        var found: [UnreachableHop] = []
        while try statement.step() {
            guard let carrier = Carrier(rawValue: UInt8(truncatingIfNeeded: statement.integer(2))) else { continue }
            found.append(
                UnreachableHop(
                    route: Route(connector: statement.text(1), nextHop: statement.text(0), carrier: carrier),
                    since: Timestamp(microseconds: statement.integer(3)), until: Timestamp(microseconds: statement.integer(4)),
                    failures: UInt32(truncatingIfNeeded: statement.integer(5)), lastError: statement.text(6)))
        }
        return found
    }
}
