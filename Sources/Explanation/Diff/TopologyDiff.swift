import MailVocabulary
import Routing
import Topology

/// What a change of the configuration changes for mail, not for text.
///
/// Both configurations decide about every class of mail that either of them tells apart: virtual server × client × who is logged in or
/// writes × recipient × size, priority and kind, each taken from servers, lists, permissions, domains, address spaces and connectors; for messages
/// that begin with each of several equal connectors, and whatever is down. A class stands for all mail that the rules treat alike, and has an
/// example. The time of the week is not varied: no decision depends on it.
public struct TopologyDiff: Sendable {
    /// Decisions by each configuration, at most: some ten seconds.
    public static let maximumDecisions = 1_000_000

    /// Classes of mail that both configurations now treat differently, and in the same way.
    public struct Change: Sendable {
        /// Virtual servers at which it is so.
        public internal(set) var servers: [String]
        /// The classes of recipients: `somebody in far.example`.
        public internal(set) var recipients: [String]
        /// What is said of the message itself: `larger than 10MiB`; empty where it does not matter.
        public let nature: String
        /// The classes of senders that it is so for: two words of each, client and person.
        public let senders: [String]
        public let before: Side
        public let after: Side
        /// One envelope, of the first server and recipients: `from <a@b> to c@d`.
        public let example: String
        /// Of the example's recipient.
        let domain: String
    }

    /// What one configuration says.
    public struct Side: Hashable, Sendable {
        /// `accepted: connector general, next hop dns:…`, or `refused: 550 …`.
        public let outcome: String
        /// The rule that settled it, with its place.
        public let rule: String
    }

    /// More classes than `maximumDecisions`.
    public struct TooMany: Error, Hashable, Sendable {
        public let count: Int
    }

    public let changes: [Change]
    public let settings: [Setting]
    /// Virtual servers that only one of the two has.
    public let removedServers: [String]
    public let addedServers: [String]
    /// What an added server permits: `before` says nothing.
    public let permitted: [Change]

    /// - Throws: where there is too much to go through.
    public init(from old: Topology, to new: Topology, now: Timestamp) throws(TooMany) {
        let (before, after) = (Set(old.virtualServers.map(\.name)), Set(new.virtualServers.map(\.name)))
        removedServers = before.subtracting(after).sorted()
        addedServers = after.subtracting(before).sorted()
        settings = Self.settings(from: old, to: new)
        var comparison = Comparison(old, new, now: now)
        let shared = old.virtualServers.map(\.name).filter { after.contains($0) }
        for server in shared { try comparison.compare(at: server) }
        let authors = comparison.authors(at: shared)
        changes = Change.merged(authors + comparison.takeChanges())
        for server in addedServers { try comparison.list(at: server) }
        permitted = Change.merged(comparison.takeChanges())
    }
}
