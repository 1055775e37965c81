import ClientBudgets
import MailVocabulary
import Topology

/// How many final addresses the open transactions of all front ends have together, and those of each client network: a message to a few large
/// groups is much work to come, and whoever begins many of them takes it from others.
///
/// A value. What a transaction takes is given back when it ends, however it ends.
struct OpenFinalAddresses {
    /// Of all clients; of one network the configured share (`budgets`). With the share that `budgets` has by itself, one network may have
    /// as many as one message (`TooManyRecipients.mostFinalRecipients`).
    static let standardCapacity = 1_000_000

    /// The client sends the message again for those who had no room (RFC 5321 §4.5.3.1.10).
    static let reply = Reply(452, "4.5.3", "Too many recipients are being received, try again later")

    private let capacity: Int
    private var shares: NetworkShares

    init(capacity: Int = OpenFinalAddresses.standardCapacity, budgets: BudgetSettings) {
        self.capacity = capacity
        shares = NetworkShares(shareOf: capacity, budgets: budgets)
    }

    /// Uses other settings from now on; what is taken goes on to count.
    mutating func adopt(_ budgets: BudgetSettings) { shares = NetworkShares(shares, shareOf: capacity, budgets: budgets) }

    /// What all transactions have together.
    var total: Int { shares.total }

    /// - Returns: false where the network, or all together, would have more than they may.
    mutating func take(_ count: Int, by network: ClientNetwork) -> Bool {
        shares.total + count <= capacity && shares.take(count, by: network).isGranted
    }

    mutating func give(back count: Int, by network: ClientNetwork) { shares.give(back: count, by: network) }
}
