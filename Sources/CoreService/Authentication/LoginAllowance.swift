import ClientBudgets
import MailVocabulary
import NIOCore
import Topology

/// How many exchanges may be begun: by everybody together, and by one client network. It is charged when an exchange begins, whatever becomes
/// of it, and an exchange looks up one name: so a taken-over `postern-auth` cannot read the directory out at once (law 3).
///
/// A value; time comes in. A network has a bucket only while it is among those that were seen last.
struct LoginAllowance {
    enum Answer: Hashable {
        case granted
        case networkOverLimit
        case full
    }

    /// Enough for a morning on which everybody logs in; each login also costs a key derivation, which takes longer than this.
    static let burst = 2000
    static let perSecond = 500

    private let (burst, rate): (Int, Int)
    private var budgets: BudgetSettings
    private var everybody: TokenBucket
    private var networks: BoundedTable<ClientNetwork, TokenBucket>
    private var sites: BoundedTable<IPAddress, TokenBucket>

    init(
        burst: Int = LoginAllowance.burst, perSecond rate: Int = LoginAllowance.perSecond, budgets: BudgetSettings = BudgetSettings(),
        networks capacity: Int = 50_000
    ) {
        (self.burst, self.rate, self.budgets) = (burst, rate, budgets)
        everybody = TokenBucket(burst: Double(burst), perSecond: Double(rate))
        (networks, sites) = (BoundedTable(capacity: capacity), BoundedTable(capacity: capacity))
    }

    /// Other shares, as after a reload: each network begins anew with its bucket full.
    mutating func adopt(_ budgets: BudgetSettings) {
        guard budgets != self.budgets else { return }
        self.budgets = budgets
        (networks, sites) = (BoundedTable(capacity: networks.capacity), BoundedTable(capacity: sites.capacity))
    }

    /// The network is asked first: one that is over its share takes nothing from the others.
    mutating func take(from network: ClientNetwork, now: NIODeadline) -> Answer {
        if let share = budgets.share, let factor = budgets.limit(1, of: network) {
            let part = Double(share * factor) / 100
            guard Self.take(network, part, &networks, burst, rate, now) else { return .networkOverLimit }
            if let site = network.site,
                !Self.take(site, part * Double(ClientNetwork.sharesOfSite), &sites, burst, rate, now)
            {
                return .networkOverLimit
            }
        }
        return everybody.take(now: now) ? .granted : .full
    }

    private static func take<Key>(
        _ key: Key, _ part: Double, _ table: inout BoundedTable<Key, TokenBucket>, _ burst: Int, _ rate: Int, _ now: NIODeadline
    ) -> Bool {
        var bucket =
            table.value(key) ?? TokenBucket(burst: max(1, Double(burst) * part), perSecond: max(0.1, Double(rate) * part))
        let isGranted = bucket.take(now: now)
        table.set(bucket, for: key)
        return isGranted
    }
}
