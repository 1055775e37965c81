import MailVocabulary
import Routing
import Topology

/// Two configurations, held against each other class by class.
struct Comparison {
    private let (old, new): (ClassDecisions, ClassDecisions)
    private let recipients: [RecipientClasses.Recipient]
    private let defaultDomain: DomainName
    private var changes: [TopologyDiff.Change] = []
    private var count = 0

    init(_ old: Topology, _ new: Topology, now: Timestamp) {
        (self.old, self.new) = (ClassDecisions(old, now: now), ClassDecisions(new, now: now))
        recipients = RecipientClasses([old, new], [self.old.table, self.new.table]).recipients
        defaultDomain = new.defaultDomain
    }

    /// The changes so far, in the order in which they were found.
    mutating func takeChanges() -> [TopologyDiff.Change] {
        defer { changes = [] }
        return changes
    }

    /// Compares what comes in at a server that both have.
    mutating func compare(at server: String) throws(TopologyDiff.TooMany) { try go(server, [old, new]) }

    /// Lists what a server permits that only the new configuration has.
    mutating func list(at server: String) throws(TopologyDiff.TooMany) { try go(server, [new]) }

    // MARK: One recipient

    /// All about one recipient at one server.
    private struct Classes {
        let server: String
        let recipient: RecipientClasses.Recipient
        let clients: [ClientClasses.Client]
        let senders: SenderClasses
        let natures: [ContentClasses.Nature]
        let turns: [QueueID]
    }

    /// What reads the same, but for client and person.
    private struct Key: Hashable {
        let nature: String
        let before: TopologyDiff.Side
        let after: TopologyDiff.Side
    }

    /// By key: for each client, the positions of the people.
    private struct Found {
        var order: [Key] = []
        var people: [Key: [Int: [Int]]] = [:]

        mutating func add(_ key: Key, client: Int, person: Int) {
            if people[key] == nil { order.append(key) }
            people[key, default: [:]][client, default: []].append(person)
        }
    }

    /// - Parameter sides: those that have the server.
    private mutating func go(_ server: String, _ sides: [ClassDecisions]) throws(TopologyDiff.TooMany) {
        let clients = ClientClasses(sides.compactMap { $0.topology.virtualServer(named: server)?.submission?.relay.computers }).clients
        for recipient in recipients {
            if sides.count == 2, old.meaning(at: server, of: recipient) == new.meaning(at: server, of: recipient) { continue }
            let (topologies, tables) = (sides.map(\.topology), sides.map(\.table))
            let senders = SenderClasses(at: server, to: recipient, topologies, tables, defaultDomain: defaultDomain)
            let candidates = sides.map { side in recipient.routed.map { side.table.candidates(covering: $0) } }
            let contents = zip(topologies, candidates).flatMap { topology, candidates in
                candidates.joined().compactMap { topology.connector(named: $0.connector)?.content }
            }
            let equals = candidates.joined().flatMap { Dictionary(grouping: $0, by: \.cost).values.map(\.count) }.max() ?? 1
            let classes = Classes(
                server: server, recipient: recipient, clients: clients, senders: senders, natures: ContentClasses(contents).natures,
                turns: Turns.messages(equals: equals))
            count += senders.people.count * clients.count * classes.natures.count * classes.turns.count
            guard count <= TopologyDiff.maximumDecisions else { throw TopologyDiff.TooMany(count: count) }
            tell(sides.count == 2 ? differences(of: classes) : permissions(of: classes), of: classes)
        }
    }

    private func differences(of classes: Classes) -> Found {
        var found = Found()
        for (position, client) in classes.clients.enumerated() {
            for (number, person) in classes.senders.people.enumerated() {
                var told: [(nature: ContentClasses.Nature, before: String, after: String)] = []
                for nature in classes.natures {
                    func outcome(_ side: ClassDecisions) -> ClassOutcome? {
                        side.outcome(at: classes.server, client, person, classes.recipient, nature, turns: classes.turns)
                    }
                    guard let (before, after) = ClassOutcome.difference(outcome(old), outcome(new)) else { continue }
                    // What becomes of every message is said once, and what becomes of large ones not again for large ones of low priority.
                    let isTold = told.contains {
                        $0.after == after.outcome
                            && ($0.nature.words.isEmpty
                                || $0.before == before.outcome && Set($0.nature.words).isSubset(of: nature.words))
                    }
                    told.append((nature, before.outcome, after.outcome))
                    if isTold { continue }
                    found.add(Key(nature: nature.word, before: before, after: after), client: position, person: number)
                }
            }
        }
        return found
    }

    private func permissions(of classes: Classes) -> Found {
        var found = Found()
        for (position, client) in classes.clients.enumerated() {
            for (number, person) in classes.senders.people.enumerated() {
                let outcome = new.outcome(
                    at: classes.server, client, person, classes.recipient, ContentClasses.Nature(), turns: classes.turns)
                guard let outcome, outcome.isAccepted else { continue }
                let nothing = TopologyDiff.Side(outcome: "", rule: "")
                found.add(Key(nature: "", before: nothing, after: outcome.side()), client: position, person: number)
            }
        }
        return found
    }

    /// Each as a change, clients with the same people together.
    private mutating func tell(_ found: Found, of classes: Classes) {
        for key in found.order {
            guard let people = found.people[key], let first = people.min(by: { $0.key < $1.key }), let person = first.value.first else {
                continue
            }
            let isOfAll = people.count == classes.clients.count && people.count > 1 && people.values.allSatisfy { $0 == first.value }
            let clients = isOfAll ? [("any client", first.value)] : people.sorted { $0.key < $1.key }.map { (classes.clients[$0].word, $1) }
            let senders = clients.flatMap { word, people in classes.senders.words(people).map { "\(word), \($0)" } }
            let sender = classes.senders.people[person].address
            let recipient = classes.recipient
            changes.append(
                TopologyDiff.Change(
                    servers: [classes.server], recipients: recipient.words, nature: key.nature, senders: senders, before: key.before,
                    after: key.after,
                    example: "client \(classes.clients[first.key].address), from <\(sender)> to <\(recipient.address)>",
                    domain: "\(recipient.routed.first ?? recipient.address.domain)"))
        }
    }

    // MARK: Who may write as whom

    /// `permissions.send_as`: for each address that either grants, whoever may use it in one configuration and not in the other.
    func authors(at servers: [String]) -> [TopologyDiff.Change] {
        let sides = [old, new]
        let servers = servers.filter { name in sides.allSatisfy { $0.topology.virtualServer(named: name)?.submission != nil } }
        guard let server = servers.first else { return [] }
        var (found, seen): ([TopologyDiff.Change], Set<AddressKey>) = ([], [])
        let grants = sides.flatMap(\.topology.permissions.sendAs)
        for address in grants.flatMap(\.addresses) where seen.insert(AddressKey(address)).inserted {
            let lists = grants.filter { $0.addresses.contains { AddressKey($0) == AddressKey(address) } }.map(\.accounts)
            let classes = PrincipalClasses(lists, most: TopologyDiff.maximumDecisions)
            var told: [(set: Set<Int>, isPermitted: Bool)] = []
            for set in classes.sets {
                let example = classes.example(set, defaultDomain: defaultDomain) ?? EmailAddress(parsing: "somebody@\(defaultDomain)")
                guard let account = example, AddressKey(account) != AddressKey(address) else { continue }
                let person = SenderClasses.Person(address: address, account: account, groups: classes.groups(set), set: set)
                let verdicts = sides.map { $0.author(person, at: server) }
                let (one, two) = (verdicts[0], verdicts[1])
                guard (one.refusal == nil) != (two.refusal == nil) else { continue }
                let isPermitted = two.refusal == nil
                if told.contains(where: { $0.isPermitted == isPermitted && $0.set.isSubset(of: set) }) { continue }
                told.append((Set(set), isPermitted))
                let rules = ClassOutcome.deciding(one.trace.steps, two.trace.steps)
                func side(_ verdict: Verdict, _ rule: String) -> TopologyDiff.Side {
                    let outcome =
                        verdict.refusal.map { "refused: \($0.replyWithoutCode)" } ?? "accepted: the account may write as \(address)"
                    return TopologyDiff.Side(outcome: outcome, rule: rule)
                }
                found.append(
                    TopologyDiff.Change(
                        servers: servers, recipients: ["anybody"], nature: "",
                        senders: classes.words(set).map { "as \($0), writing as \(address)" }, before: side(one, rules.0),
                        after: side(two, rules.1), example: "from <\(address)>, logged in as \(account)", domain: "\(address)"))
            }
        }
        return found
    }
}

extension ClassDecisions {
    /// Whether an account may write as an address.
    fileprivate func author(_ person: SenderClasses.Person, at server: String) -> Verdict {
        let session = SubmissionSession(virtualServer: server, clientAddress: IPAddress(ipv4: 0xC633_6407), account: person.account)
        let nobody = RecipientClasses.Recipient(words: [], address: person.address, answer: .unknown, routed: [])
        return table.decideSender(
            session, reversePath: .address(person.address), directory: ClassDirectory(recipient: nobody, sender: person))
    }
}
