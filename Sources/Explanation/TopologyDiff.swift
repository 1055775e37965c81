import MailVocabulary
import Routing
import Topology

/// What a change of the configuration changes for mail, not for text.
///
/// Both configurations decide about every class of mail that either of them tells apart: virtual server × client × who is logged in or
/// writes × recipient, each taken from servers, lists, permissions, domains and address spaces; and about messages over each size, of each
/// priority and kind that a connector does not carry. A class stands for all mail that the rules treat alike, and has an example. The time of
/// the week is not varied: schedules hold mail, and change nothing about where it goes.
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
        public internal(set) var senders: [String]
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

    /// - Throws: where there is too much to go through.
    public init(from old: Topology, to new: Topology, now: Timestamp) throws(TooMany) {
        let (before, after) = (Set(old.virtualServers.map(\.name)), Set(new.virtualServers.map(\.name)))
        removedServers = before.subtracting(after).sorted()
        addedServers = after.subtracting(before).sorted()
        settings = Self.settings(from: old, to: new)
        let classes = MailClasses(old, new)
        let (first, second) = (Deciding(old, classes, now), Deciding(new, classes, now))
        let senders = SenderClasses([old, new], [first.table, second.table], classes)
        let shared = old.virtualServers.filter { after.contains($0.name) }
        var (changes, positions): ([Change], [[String]: Int]) = ([], [:])
        var count = 0
        for server in shared {
            for recipient in classes.recipients {
                let people = senders.people(at: server, to: recipient)
                count += people.count * classes.clients.count * classes.natures.count
                guard count <= Self.maximumDecisions else { throw TooMany(count: count) }
                for client in classes.clients {
                    // What is so for somebody is so for whoever is more than that: it is said once.
                    var told: [[String]: [Set<Principal.Kind>]] = [:]
                    for person in people {
                        var usual: (before: String, after: String)?
                        for nature in classes.natures {
                            guard let one = first.decide(server.name, client, person, recipient, nature),
                                let two = second.decide(server.name, client, person, recipient, nature)
                            else { break }
                            // What becomes of every message is said once.
                            if let usual, usual.before != usual.after, usual.after == two.outcome { continue }
                            if usual == nil { usual = (one.outcome, two.outcome) }
                            guard one.outcome != two.outcome else { continue }
                            let key = [server.name, recipient.word, nature.word, one.outcome, two.outcome, one.rule, two.rule]
                            let kind = key + [person.account == nil ? "" : "logged in", person.isElse ? "\(person.address)" : ""]
                            if told[kind]?.contains(where: person.principals.isSuperset) == true { continue }
                            told[kind, default: []].append(person.principals)
                            let sender = "\(client.word), \(person.word)"
                            if let position = positions[key] {
                                changes[position].senders.append(sender)
                                continue
                            }
                            positions[key] = changes.count
                            changes.append(
                                Change(
                                    servers: [server.name], recipients: [recipient.word], nature: nature.word, senders: [sender],
                                    before: one, after: two,
                                    example: "client \(client.address), from <\(person.address)> to <\(recipient.address)>",
                                    domain: "\(recipient.address.domain)"))
                        }
                    }
                }
            }
        }
        self.changes = Change.merged(changes)
    }
}

/// One configuration, asked about classes.
private struct Deciding {
    let topology: Topology
    let table: RoutingTable
    let groups: [AddressKey: Set<AddressKey>]
    let now: Timestamp

    init(_ topology: Topology, _ classes: MailClasses, _ now: Timestamp) {
        (self.topology, self.now) = (topology, now)
        (table, groups) = (RoutingTable(topology), classes.groups)
    }

    /// nil where there can be no such session: nobody logs in at an edge server.
    func decide(
        _ server: String, _ client: MailClasses.Client, _ person: SenderClasses.Person, _ recipient: MailClasses.Recipient,
        _ nature: MailClasses.Nature
    ) -> TopologyDiff.Side? {
        guard let server = topology.virtualServers.first(where: { $0.name == server }) else { return nil }
        if server.isEdge, person.account != nil { return nil }
        let directory = ClassDirectory(groups: groups, sender: person)
        let origin: MailOrigin
        if server.isEdge {
            origin = .edge(EdgeSession(virtualServer: server.name, clientAddress: client.address, confirmedHostName: client.name))
        } else {
            let session = SubmissionSession(
                virtualServer: server.name, clientAddress: client.address, confirmedHostName: client.name, account: person.account)
            origin = .submission(session)
            let verdict = table.decideSender(session, reversePath: .address(person.address), directory: directory)
            if let refusal = verdict.refusal { return Self.side(refusal, [], verdict.trace) }
        }
        let facts = RecipientFacts(
            origin: origin, reversePath: .address(person.address), recipient: recipient.address, size: nature.size,
            priority: nature.priority, isAutomatic: nature.isAutomatic, message: QueueID(value: 1), time: now)
        let decision = table.decide(facts, directory: directory)
        return Self.side(decision.refusal, decision.routes, decision.trace)
    }

    private static func side(_ refusal: Refusal?, _ routes: RoutedRecipients, _ trace: DecisionTrace) -> TopologyDiff.Side {
        let settling = trace.steps.last { $0.location != nil } ?? trace.steps.last
        let carried = routes.map { ($0.connector.isEmpty ? "" : "connector \($0.connector), ") + "next hop \($0.nextHop)" }
        return TopologyDiff.Side(
            outcome: refusal.map { "refused: \($0.replyWithoutCode)" } ?? "accepted: " + carried.joined(separator: "; "),
            rule: settling.map { "rule \($0.rule)" + ($0.location.map { "  \($0)" } ?? "") } ?? "")
    }
}

extension Refusal {
    /// Codes name rules, and the same refusal by another rule is no change for mail.
    var replyWithoutCode: String { "\(reply)".replacing(" [\(code)]", with: "") }
}
