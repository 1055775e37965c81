import CoreLink
import NIOCore
import NameResolution
import SMTPServer
import ServiceRuntime
import Topology

/// What belongs to the connections of one event loop of a front end, whatever their virtual server: its ways to the core and to `postern-auth`, and
/// its part of what all loops share. Confined to that loop.
final class FrontEndLoop<Role: SubmitRole & SendableMetatype> {
    let side: VirtualServerConnections.CoreSide
    private let pool: LinkPool<Role>

    /// On the event loop.
    ///
    /// - Parameter logsIn: whether clients can log in.
    init(_ topology: Topology, budgets: SharedBudgets, logsIn: Bool, resolver: DNSResolver, on eventLoop: any EventLoop) {
        pool = LinkPool(
            to: LinkAddress(of: Role.name, in: topology), holder: HolderIdentity.make(), revision: topology.revision, on: eventLoop,
            allowance: budgets.coreConnections)
        let logins =
            logsIn
            ? LoginExchanges(
                links: LinkPool(
                    to: LinkAddress(of: .login, in: topology), holder: HolderIdentity.make(), revision: topology.revision,
                    on: eventLoop, allowance: budgets.loginConnections), in: budgets.logins) : nil
        side = VirtualServerConnections.CoreSide(
            pool: pool, notes: RefusalNotes(pool: pool), openTransactions: OpenTransactions(in: budgets.openTransactions, on: eventLoop),
            logins: logins, lookups: ReverseLookups(resolver, in: budgets.lookups, on: eventLoop))
    }

    /// Another configuration: new connections to the core and to `postern-auth` are made with it, and those with the old one end.
    func adopt(revision: String) {
        pool.revision = revision
        pool.closeIdle()
        side.logins?.links.revision = revision
        side.logins?.links.closeIdle()
    }
}
