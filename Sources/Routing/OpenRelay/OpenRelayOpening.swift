import MailVocabulary
import Topology

/// A way for strangers to relay, and the key of the configuration that opens it.
public struct OpenRelayOpening: Hashable, Sendable {
    /// Which rule permits it.
    public enum Rule: Hashable, Sendable {
        /// `relay: true` of a connector that covers everything (S23).
        case connector(String)
        /// `relay.computers` of a submission server that takes mail without a login (S17, S20).
        case computers(server: String)
        /// The same, where the `only` lists of several servers hold a whole address family between them: a stranger goes to the one that
        /// has his address.
        case computersTogether(server: String, others: [String])
        /// The same, where only the machine's own gateways and bridges are meant: behind a userland proxy or NAT, every stranger has
        /// their address.
        case neighbour(server: String, NetworkNeighbour)
    }

    public let rule: Rule
    /// Of the key `relay` or `computers`.
    public let location: SourceLocation
    /// That the rule says `acknowledge_open_relay: true`.
    public let isAcknowledged: Bool
    /// Whether the stranger's recipient may be in any domain. False: only in those that a connector names, since none covers `*`.
    public let reachesEverywhere: Bool
    /// A dialogue that would succeed, line by line, with `C:` and `S:`; empty where there is no recipient to relay to.
    public let transcript: [String]
}
