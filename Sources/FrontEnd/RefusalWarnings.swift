import ClientBudgets
import MailVocabulary
import NIOCore

/// When to log that a network is refused for having all that it may have: at once the first time, then at most once a minute with the number
/// of refusals in between. A value.
///
/// Bounded in networks: the ones that were refused longest ago are forgotten first.
struct RefusalWarnings {
    /// What to log; nil: nothing now.
    enum Line: Equatable {
        /// The network was not refused before: an administrator may want to change its limits.
        case first
        case again(refusals: Int)
    }

    private struct State: Sendable {
        var saidAt: NIODeadline
        var refusals = 0
    }

    private var networks = BoundedTable<ClientNetwork, State>(capacity: 1000)
    private static let interval = TimeAmount.minutes(1)

    mutating func refused(_ network: ClientNetwork, at now: NIODeadline) -> Line? {
        guard var state = networks.value(network) else {
            networks.set(State(saidAt: now), for: network)
            return .first
        }
        state.refusals += 1
        guard now - state.saidAt >= Self.interval else {
            networks.set(state, for: network)
            return nil
        }
        networks.set(State(saidAt: now), for: network)
        return .again(refusals: state.refusals)
    }
}
