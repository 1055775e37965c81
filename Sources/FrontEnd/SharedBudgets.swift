import CoreLink
import MailVocabulary
import NIOCore
import SMTPServer
import Synchronization
import Topology

/// What the event loops of a front end have one of together, so that each bound holds over all of them.
final class SharedBudgets: Sendable {
    let openTransactions: CrossLoopPool
    let lookups: CrossLoopPool
    let logins: CrossLoopPool
    let coreConnections = LinkAllowance(connections: SharedBudgets.mostTransactions)
    /// A few more than there are exchanges, so that none waits for one.
    let loginConnections = LinkAllowance(connections: LoginExchanges.capacity + 100)

    /// Connections to the core, each with a transaction: as many as a virtual server has connections with clients by default, and more than
    /// one network gets of these. The core admits some more than that.
    private static var mostTransactions: Int { 2 * ConnectionSettings.defaultLimit }

    init(_ budgets: BudgetSettings) {
        openTransactions = OpenTransactions.pool(capacity: Self.mostTransactions, budgets: budgets)
        lookups = ReverseLookups.pool(budgets: budgets)
        logins = LoginExchanges.pool(budgets: budgets)
    }

    /// Uses other settings from now on; what is under way goes on.
    func adopt(_ budgets: BudgetSettings) {
        openTransactions.adopt(capacity: Self.mostTransactions, budgets: budgets)
        lookups.adopt(capacity: ReverseLookups.capacity, budgets: budgets)
        logins.adopt(capacity: LoginExchanges.capacity, budgets: budgets)
    }
}

/// What the event loops have one of together for a virtual server.
final class VirtualServerBudgets: Sendable {
    let connections: CrossLoopPool
    /// Connections whose TLS handshake is under way: the oldest makes room for the next, so that slow ones do not keep others out.
    let handshakes: CrossLoopPool
    private let warnings = Mutex(RefusalWarnings())

    init(_ server: VirtualServer, budgets: BudgetSettings) {
        connections = ConnectionControl.pool(server.connections, budgets: budgets)
        handshakes = CrossLoopPool(
            capacity: Self.mostHandshakes(server), limitPerNetwork: nil, budgets: budgets, protection: .zero)
    }

    /// Uses other settings from now on; what is under way goes on.
    func adopt(_ server: VirtualServer, budgets: BudgetSettings) {
        connections.adopt(
            capacity: server.connections.limit, limitPerNetwork: server.connections.limitPerNetwork, budgets: budgets)
        handshakes.adopt(capacity: Self.mostHandshakes(server), limitPerNetwork: nil, budgets: budgets)
    }

    private static func mostHandshakes(_ server: VirtualServer) -> Int? { server.connections.limit.map { max(1, $0 / 2) } }

    /// What to log of a refused network.
    func refused(_ network: ClientNetwork) -> RefusalWarnings.Line? { warnings.withLock { $0.refused(network, at: .now()) } }
}
