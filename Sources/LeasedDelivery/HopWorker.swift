import CoreLink
import Logging
import NIOCore
import SMTPClient

/// Delivers leased work over SMTP or LMTP, over the connection that the session keeps, or a new one.
///
/// Confined to one event loop. A connection belongs to the session that opened it; what is learnt of hosts serves all of them.
public final class HopWorker<Role: LinkRole> where Role.Request == LeaseRequest, Role.Response == LeaseResponse {
    public typealias Session = LeaseSession<Role>

    let eventLoop: any EventLoop
    let log: Logger
    let resolve: (LeasedWork) -> EventLoopFuture<HopResolution>
    /// The clock that bounds an attempt; tests have their own.
    var now: () -> NIODeadline
    /// Counts configurations: a connection is used under the one that it was opened under.
    private(set) var generation = 0
    /// What was learnt of the hosts that were talked to.
    var memory = HostMemory()

    /// - Parameter resolve: how to reach the work's next hop; its future is of `eventLoop` and does not fail.
    public init(on eventLoop: any EventLoop, log: Logger, resolve: @escaping (LeasedWork) -> EventLoopFuture<HopResolution>) {
        (self.eventLoop, self.log, self.resolve) = (eventLoop, log, resolve)
        now = { eventLoop.now }
    }

    /// Begins; the session is told the outcome when there is one.
    public func begin(_ session: Session, _ work: LeasedWork, _ content: Session.Content) {
        if let open = session.attachment as? OpenConnection, !open.leads(to: work) || !open.mayCarryMore(generation: generation) {
            close(session)
        }
        HopDelivery(worker: self, session: session, work: work, content: content).begin()
    }

    /// Another configuration holds: connections that stand open get nothing more.
    public func configurationChanged() { generation += 1 }

    /// Ends the session's connection to its next hop in an orderly way.
    public func close(_ session: Session) {
        if let open = session.attachment as? OpenConnection {
            if open.connection.isReusable { memory.noteClosed(open.connection.endpoint, now: now()) }
            open.connection.quit()
        }
        session.attachment = nil
    }

    /// Ends the session's connection at once: its lease is somebody else's now.
    public func abort(_ session: Session) {
        (session.attachment as? OpenConnection)?.connection.close()
        session.attachment = nil
    }
}
