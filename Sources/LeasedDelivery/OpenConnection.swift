import CoreLink
import SMTPClient

/// A connection to a next hop, as a session keeps it between leases.
final class OpenConnection {
    let connection: SMTPClientConnection
    /// How it was found, and which of the candidates it leads to.
    let plan: HopPlan
    let candidate: Int
    private let connector: String
    private let nextHop: String
    /// The configuration that it was opened under.
    private let generation: Int

    init(connection: SMTPClientConnection, plan: HopPlan, candidate: Int, work: LeasedWork, generation: Int) {
        (self.connection, self.plan, self.candidate) = (connection, plan, candidate)
        (connector, nextHop, self.generation) = (work.connector, work.nextHop, generation)
    }

    /// Tells hosts apart, which may have several addresses.
    var hostKey: String { plan.hostKey(of: candidate) }
    var host: String? { plan.candidates[candidate].host }
    var name: String { plan.candidates[candidate].name }
    /// Whether it would have TLS where the server has it.
    var wantsTLS: Bool { plan.candidates[candidate].settings.session.transportSecurity != .none }

    /// Whether one more transaction may follow on it.
    ///
    /// - Parameter generation: the configuration of today: a smart host that is not in it any more gets nothing more.
    func mayCarryMore(generation: Int) -> Bool {
        self.generation == generation && connection.isReusable
            && plan.messagesPerConnection.map { connection.transactionCount < $0 } ?? true
    }

    func leads(to work: LeasedWork) -> Bool { connector == work.connector && nextHop == work.nextHop }
}
