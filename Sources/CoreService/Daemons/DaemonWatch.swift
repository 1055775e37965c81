import CoreLink
import Logging
import NIOCore
import Topology

/// Hears what the daemons say of themselves, and after a reload waits for them: the shell around ``DaemonReports``. Confined to the core's
/// event loop.
final class DaemonWatch {
    private struct Waiting {
        let awaited: DaemonReports.Awaited
        let since: NIODeadline
        let promise: EventLoopPromise<[Undone]>
    }

    private let eventLoop: any EventLoop
    private let log: Logger
    private(set) var reports = DaemonReports()
    /// Reloads whose daemons have not all answered; each ends within ``DaemonReports/limit``.
    private var waiting: [Waiting] = []

    init(on eventLoop: any EventLoop, log: Logger) { (self.eventLoop, self.log) = (eventLoop, log) }

    func say(_ report: DaemonReport, _ role: Role, holder: UInt64, over session: AnyObject) {
        reports.say(report, .init(role: role, holder: holder), over: ObjectIdentifier(session))
        look()
    }

    func ended(_ session: AnyObject) { reports.ended(ObjectIdentifier(session)) }

    /// Before any daemon has heard of the new configuration.
    ///
    /// - Returns: what is not done of it, when everybody has said so or had the time; a future that does not fail. It is logged as well.
    func reloaded(_ topology: Topology) -> EventLoopFuture<[Undone]> {
        let promise = eventLoop.makePromise(of: [Undone].self)
        let awaited = reports.beginReload(revision: topology.revision, needed: topology.neededDaemons)
        waiting.append(Waiting(awaited: awaited, since: eventLoop.now, promise: promise))
        for limit in [.zero, DaemonReports.absenceLimit, DaemonReports.limit] {
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [weak self] in self?.look() }
        }
        return promise.futureResult
    }

    /// The core ends: nobody is waited for. Before the event loop ends.
    func stop() {
        for one in waiting { one.promise.succeed([]) }
        waiting = []
    }

    private func look() {
        var done: [(EventLoopPromise<[Undone]>, [Undone])] = []
        waiting.removeAll { one in
            let elapsed = Duration.nanoseconds((eventLoop.now - one.since).nanoseconds)
            guard let undone = reports.outcome(of: one.awaited, after: elapsed) else { return false }
            done.append((one.promise, undone))
            return true
        }
        for (promise, undone) in done {
            for one in undone {
                log.warning("not done by the reload", metadata: ["daemon": "postern-\(one.daemon.rawValue)", "reason": "\(one.sentence)"])
            }
            promise.succeed(undone)
        }
    }
}
