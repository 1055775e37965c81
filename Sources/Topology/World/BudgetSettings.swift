import MailVocabulary

/// How much one client network may take of what all clients share (`budgets`).
public struct BudgetSettings: Hashable, Sendable {
    /// What one network may take of each shared pool, in percent: 1 to 100; nil: as much as there is.
    public let share: Int?
    /// Networks without a limit of their own; they still count towards the size of each pool.
    public let exempt: [Subnet]
    /// Networks with a multiple of the share: many clients behind one address.
    public let larger: [Larger]

    /// A subnet whose clients share one address, as behind NAT or a load balancer.
    public struct Larger: Hashable, Sendable {
        public let subnet: Subnet
        /// 2 to 1,000.
        public let factor: Int

        public init(_ subnet: Subnet, factor: Int) { (self.subnet, self.factor) = (subnet, factor) }
    }

    public static let defaultShare = 10

    public init(share: Int? = BudgetSettings.defaultShare, exempt: [Subnet] = [], larger: [Larger] = []) {
        (self.share, self.exempt, self.larger) = (share, exempt, larger)
    }

    /// The limit of one network, given that of an ordinary one; nil: no limit.
    public func limit(_ ordinary: Int, of network: ClientNetwork) -> Int? {
        guard !exempt.contains(where: { $0.contains(network.base) }) else { return nil }
        // The most specific entry counts; of two alike, the larger.
        let entry = larger.filter { $0.subnet.contains(network.base) }
            .max { ($0.subnet.prefixLength, $0.factor) < ($1.subnet.prefixLength, $1.factor) }
        return ordinary.multipliedReportingOverflow(by: entry?.factor ?? 1).partialValue
    }
}
