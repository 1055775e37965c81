import ClientBudgets
import MailVocabulary
import NIOCore
import NameResolution
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

/// Who may connect, and how many at once, in all and from one client network (S01, S16). A value, confined to its server's event loop.
struct ConnectionControl {
    /// What becomes of a connection that has just been accepted.
    enum Admission {
        case refused(ConnectionRefusal)
        /// It counts from here on. Where all connections were taken, this one has to end.
        case admitted(inPlaceOf: ObjectIdentifier?)
    }

    private let settings: ConnectionSettings
    private var pool: SharedPool<ObjectIdentifier>

    /// How long a connection that has just begun, or brought something, does not make room for another: long enough to greet and to name
    /// sender and recipient over a slow line.
    private static let protection = Duration.seconds(5)

    init(_ settings: ConnectionSettings, budgets: BudgetSettings) {
        self.settings = settings
        pool = SharedPool(
            capacity: settings.limit, limitPerNetwork: settings.limitPerNetwork, budgets: budgets, protection: Self.protection)
    }

    /// Those that are open go on to count, under other settings.
    init(_ settings: ConnectionSettings, budgets: BudgetSettings, carryingOver other: ConnectionControl) {
        self.settings = settings
        pool = SharedPool(other.pool, capacity: settings.limit, limitPerNetwork: settings.limitPerNetwork, budgets: budgets)
    }

    /// What speaks against a connection before anything is known but its address.
    mutating func admit(_ connection: ObjectIdentifier, from address: IPAddress, at now: NIODeadline) -> Admission {
        if !settings.access.needsHostName, !settings.access.contains(address) { return .refused(Self.denied) }
        switch pool.admit(connection, from: ClientNetwork(address), at: now.sinceBoot) {
        case .admitted: return .admitted(inPlaceOf: nil)
        case .admittedInPlaceOf(let other): return .admitted(inPlaceOf: other)
        case .networkIsOverLimit(let limit):
            let count = limit == 1 ? "1 connection" : "\(limit) connections"
            return .refused(
                ConnectionRefusal(
                    Reply(421, "4.7.0", "Your network has \(count) open here, which is the limit: try again later"), isForNetwork: true))
        case .full: return .refused(ConnectionRefusal(Reply(421, "4.3.2", "All connections are in use: try again later")))
        }
    }

    /// The connection brought mail forward.
    mutating func progressed(_ connection: ObjectIdentifier, at now: NIODeadline) { pool.used(connection, at: now.sinceBoot) }

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
    mutating func ended(_ connection: ObjectIdentifier) { pool.remove(connection) }

    var openConnections: Int { pool.count }

    private static let denied = ConnectionRefusal(Reply(554, "5.7.1", "Access denied"), by: .access)
    static let nameUnknown = ConnectionRefusal(Reply(421, "4.4.3", "Your host name cannot be looked up now, try again later"))
    /// To one that makes room for another.
    static let idleLongest = Reply(
        421, "4.7.0", "All connections are in use, and this one has brought no mail for longest: try again later")
}

extension NIODeadline {
    /// As the pools count time.
    var sinceBoot: Duration { .nanoseconds(Int64(clamping: uptimeNanoseconds)) }
}
