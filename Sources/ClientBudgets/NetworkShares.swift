import MailVocabulary
import Topology

/// How much of one thing each client network holds, and how much it may. A value without a clock.
///
/// Bounded: a network has an entry only while it holds something.
public struct NetworkShares: Sendable {
    /// Whether a network may have more.
    public enum Answer: Hashable, Sendable {
        case granted
        /// The network, or the /48 around it, has what it may have.
        case overLimit(Int)

        public var isGranted: Bool { self == .granted }
    }

    private let budgets: BudgetSettings
    /// What an ordinary network may hold; nil: no limit.
    private let ordinaryLimit: Int?
    private var held: [ClientNetwork: Int] = [:]
    private var heldBySite: [IPAddress: Int] = [:]
    /// What all networks hold together.
    public private(set) var total = 0

    /// - Parameter limit: of an ordinary network; nil: none.
    public init(limit: Int?, budgets: BudgetSettings) { (ordinaryLimit, self.budgets) = (limit, budgets) }

    /// The limit is the configured share of a pool, and at least 1.
    public init(shareOf capacity: Int, budgets: BudgetSettings) {
        self.init(limit: Self.limit(shareOf: capacity, budgets), budgets: budgets)
    }

    static func limit(shareOf capacity: Int, _ budgets: BudgetSettings) -> Int? {
        budgets.share.map { max(1, Int((Double(capacity) * Double($0) / 100).rounded(.down))) }
    }

    /// What is held goes on to count under other settings, as after a reload.
    public init(_ other: NetworkShares, limit: Int?, budgets: BudgetSettings) {
        self.init(limit: limit, budgets: budgets)
        (held, heldBySite, total) = (other.held, other.heldBySite, other.total)
    }

    public init(_ other: NetworkShares, shareOf capacity: Int, budgets: BudgetSettings) {
        self.init(other, limit: Self.limit(shareOf: capacity, budgets), budgets: budgets)
    }

    /// What a network may hold; nil: no limit.
    public func limit(of network: ClientNetwork) -> Int? { ordinaryLimit.flatMap { budgets.limit($0, of: network) } }

    public func held(by network: ClientNetwork) -> Int { held[network, default: 0] }

    /// Gives a network more, where that leaves it within its limit. What was given is returned by ``give(back:by:)``.
    public mutating func take(_ amount: Int = 1, by network: ClientNetwork) -> Answer {
        if let limit = limit(of: network) {
            guard held(by: network) + amount <= limit else { return .overLimit(limit) }
            if let site = network.site {
                let limit = limit.multipliedReportingOverflow(by: ClientNetwork.sharesOfSite)
                guard limit.overflow || heldBySite[site, default: 0] + amount <= limit.partialValue else {
                    return .overLimit(limit.partialValue)
                }
            }
        }
        add(amount, to: network)
        return .granted
    }

    /// Takes back what a network held. More than it has is a mistake of the caller and counts as all of it.
    public mutating func give(back amount: Int = 1, by network: ClientNetwork) {
        add(-min(amount, held(by: network)), to: network)
    }

    private mutating func add(_ amount: Int, to network: ClientNetwork) {
        guard amount != 0 else { return }
        total += amount
        let now = held[network, default: 0] + amount
        held[network] = now > 0 ? now : nil
        guard let site = network.site else { return }
        let ofSite = heldBySite[site, default: 0] + amount
        heldBySite[site] = ofSite > 0 ? ofSite : nil
    }
}
