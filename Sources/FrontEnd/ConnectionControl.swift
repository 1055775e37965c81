import MailVocabulary
import NIOCore
import NameResolution
import SMTPServer
import Topology

/// Why a connection is not served.
struct ConnectionRefusal {
    let reply: Reply
    /// nil where it is for now only: a limit, a DNS that does not answer.
    let rule: SessionRule?
    /// Whether the client's network has all the connections that it may have.
    let isForNetwork: Bool

    init(_ reply: Reply, by rule: SessionRule? = nil, isForNetwork: Bool = false) {
        (self.reply, self.rule, self.isForNetwork) = (reply, rule, isForNetwork)
    }
}

/// Who may connect to a virtual server, and how many at once, in all and from one client network (S01, S16): over all event loops, as the
/// connections of one of them ask for it. Confined to that loop.
final class ConnectionControl {
    /// What becomes of a connection that has just been accepted.
    enum Admission {
        case refused(ConnectionRefusal)
        /// It counts from here on, until ``ended(_:)``.
        case admitted(CrossLoopPool.Place)
    }

    private var settings: ConnectionSettings
    private let part: CrossLoopPool.Part

    /// How long a connection that has just begun, or brought something, does not make room for another: long enough to greet and to name
    /// sender and recipient over a slow line.
    private static let protection = Duration.seconds(5)

    /// The connections of all event loops.
    static func pool(_ settings: ConnectionSettings, budgets: BudgetSettings) -> CrossLoopPool {
        CrossLoopPool(
            capacity: settings.limit, limitPerNetwork: settings.limitPerNetwork, budgets: budgets, protection: protection)
    }

    /// On the event loop.
    ///
    /// - Parameter pool: as ``pool(_:budgets:)`` makes it.
    init(_ settings: ConnectionSettings, in pool: CrossLoopPool, on eventLoop: any EventLoop) {
        self.settings = settings
        part = pool.part(on: eventLoop)
    }

    /// Uses other lists from now on; the limits are the pool's.
    func adopt(_ settings: ConnectionSettings) { self.settings = settings }

    /// What speaks against a connection before anything is known but its address.
    ///
    /// - Parameter end: called where all connections are taken and this one has to make room for another.
    func admit(from address: IPAddress, at now: NIODeadline = .now(), end: @escaping () -> Void) -> Admission {
        if !settings.access.needsHostName, !settings.access.contains(address) { return .refused(Self.denied) }
        switch part.admit(from: ClientNetwork(address), at: now, end: end) {
        case .admitted(let place): return .admitted(place)
        case .networkIsOverLimit(let limit):
            let count = limit == 1 ? "1 connection" : "\(limit) connections"
            return .refused(
                ConnectionRefusal(
                    Reply(421, "4.7.0", "Your network has \(count) open here, which is the limit: try again later"), isForNetwork: true))
        case .full: return .refused(ConnectionRefusal(Reply(421, "4.3.2", "All connections are in use: try again later")))
        }
    }

    /// The connection brought mail forward.
    func progressed(_ place: CrossLoopPool.Place, at now: NIODeadline = .now()) { part.used(place, at: now) }

    /// What speaks against it once the host name is known, where the list names hosts. A DNS that does not answer never rejects: where
    /// the name would matter, the client is asked to come back.
    func check(_ address: IPAddress, _ result: ReverseDNSResult) -> ConnectionRefusal? {
        guard settings.access.needsHostName else { return nil }
        switch result {
        case .pass(let name): return settings.access.contains(address, hostName: name) ? nil : Self.denied
        case .temperror where !settings.access.isDecided(by: address): return Self.nameUnknown
        case .fail, .permerror, .temperror: return settings.access.contains(address) ? nil : Self.denied
        }
    }

    /// A connection that was admitted has ended.
    func ended(_ place: CrossLoopPool.Place) { part.leave(place) }

    private static let denied = ConnectionRefusal(Reply(554, "5.7.1", "Access denied"), by: .access)
    static let nameUnknown = ConnectionRefusal(Reply(421, "4.4.3", "Your host name cannot be looked up now, try again later"))
    /// To one that makes room for another.
    static let idleLongest = Reply(
        421, "4.7.0", "All connections are in use, and this one has brought no mail for longest: try again later")
}
