import MailVocabulary
import Routing
import Topology

/// The senders that the rules about one recipient at one server tell apart.
///
/// Each rule lets through whom one of its lists names, and keeps away whom another one does. So whatever two configurations decide differently,
/// they do for somebody who is named once by each list, or not at all: these are all combinations.
struct SenderClasses {
    struct Person {
        let word: String
        /// The reverse-path.
        let address: EmailAddress
        /// Who is logged in; nil: nobody.
        let account: EmailAddress?
        /// The user and the groups that this is.
        var principals: Set<Principal.Kind> = []
        /// Whether the reverse-path is somebody else's.
        var isElse = false

        var groups: Set<AddressKey> {
            Set(principals.compactMap { if case .group(let group) = $0 { AddressKey(group) } else { nil } })
        }
    }

    private let topologies: [Topology]
    private let tables: [RoutingTable]
    private let classes: MailClasses
    /// `permissions.send_as`: those who are granted an address, and somebody who is not.
    private let others: [Person]

    init(_ topologies: [Topology], _ tables: [RoutingTable], _ classes: MailClasses) {
        (self.topologies, self.tables, self.classes) = (topologies, tables, classes)
        var (others, seen): ([Person], Set<String>) = ([], [])
        for grant in topologies.flatMap(\.permissions.sendAs) {
            for address in grant.addresses {
                for set in [[]] + grant.accounts.map({ [$0.kind] }) {
                    guard let person = Self.account(Set(set), topologies), let account = person.account else { continue }
                    let word = "\(person.word), writing as \(address)"
                    guard seen.insert(word).inserted else { continue }
                    others.append(Person(word: word, address: address, account: account, principals: person.principals, isElse: true))
                }
            }
        }
        self.others = others
    }

    /// Fewer names first.
    func people(at server: VirtualServer, to recipient: MailClasses.Recipient) -> [Person] {
        let carriers = zip(topologies, tables).flatMap { topology, table in
            table.connectors(covering: recipient.address.domain).compactMap { topology.connector(named: $0)?.restrictions }
        }
        let rejected = Self.kinds(carriers.flatMap(\.rejectFrom))
        var people: [Person] = []
        if let stranger = EmailAddress(parsing: "a@stranger.invalid") {
            people.append(Person(word: "nobody logged in", address: stranger, account: nil))
        }
        // A reverse-path proves nothing, and only keeps away.
        people += rejected.compactMap { kind in
            Self.example(of: [kind], topologies).map {
                Person(
                    word: "nobody logged in, writing as \(MailClasses.word(kind))", address: $0, account: nil, principals: [kind])
            }
        }
        if server.isEdge { return people }
        var lists = [Self.kinds(carriers.flatMap(\.acceptFrom)), rejected]
        for topology in topologies {
            guard case .listed(let grant, let deny)? = topology.virtualServer(named: server.name)?.submission?.relay.accounts else {
                continue
            }
            lists += [Self.kinds(grant), Self.kinds(deny)]
        }
        lists += topologies.flatMap(\.permissions.receive).compactMap { entry in
            guard case .listed(let senders) = entry.senders, entry.recipients.contains(where: { isMatched(recipient, by: $0.kind) }) else {
                return nil
            }
            return Self.kinds(senders)
        }
        let accounts = Self.combinations(lists).compactMap { Self.account($0, topologies) }
        return people + accounts.sorted { ($0.principals.count, $0.word) < ($1.principals.count, $1.word) } + others
    }

    private func isMatched(_ recipient: MailClasses.Recipient, by kind: Principal.Kind) -> Bool {
        switch kind {
        case .user(let address): AddressKey(address) == AddressKey(recipient.address)
        case .group(let group): classes.groups[AddressKey(recipient.address)]?.contains(AddressKey(group)) ?? false
        }
    }

    private static func kinds(_ principals: [Principal]) -> [Principal.Kind] {
        var seen: Set<Principal.Kind> = []
        return principals.map(\.kind).filter { seen.insert($0).inserted }
    }

    /// One of each list, or none, in all ways; nobody is two users.
    private static func combinations(_ lists: [[Principal.Kind]]) -> Set<Set<Principal.Kind>> {
        var sets: Set<Set<Principal.Kind>> = [[]]
        for list in Set(lists) {
            for set in sets {
                for kind in list {
                    let more = set.union([kind])
                    let users = more.filter { if case .user = $0 { true } else { false } }
                    if users.count < 2 { sets.insert(more) }
                }
            }
            // More than any decision is asked about: the caller finds that it is too much.
            if sets.count > TopologyDiff.maximumDecisions { break }
        }
        return sets
    }

    /// Somebody who is logged in, and is these.
    private static func account(_ set: Set<Principal.Kind>, _ topologies: [Topology]) -> Person? {
        guard !set.isEmpty else {
            return EmailAddress(parsing: "somebody@\(topologies[0].defaultDomain)").map {
                Person(word: "any other account", address: $0, account: $0)
            }
        }
        let words = set.sorted { Self.order($0) < Self.order($1) }.map(MailClasses.word)
        return example(of: set, topologies).map {
            Person(word: "as \(words.joined(separator: " and "))", address: $0, account: $0, principals: set)
        }
    }

    /// The user among them, or a name made of the groups.
    private static func example(of set: Set<Principal.Kind>, _ topologies: [Topology]) -> EmailAddress? {
        var groups: [EmailAddress] = []
        for kind in set.sorted(by: { order($0) < order($1) }) {
            switch kind {
            case .user(let address): return address
            case .group(let group): groups.append(group)
            }
        }
        guard let first = groups.first else { return nil }
        return EmailAddress(parsing: "member-of-\(groups.map(\.localPart).joined(separator: "-and-"))@\(first.domain)")
            ?? EmailAddress(parsing: "member-of-\(first)") ?? EmailAddress(parsing: "member@\(topologies[0].defaultDomain)")
    }

    /// Users before groups.
    private static func order(_ kind: Principal.Kind) -> String {
        if case .user = kind { "0 \(MailClasses.word(kind))" } else { "1 \(MailClasses.word(kind))" }
    }
}
