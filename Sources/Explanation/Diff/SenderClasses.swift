import MailVocabulary
import Routing
import Topology

/// The senders that the rules about one recipient at one server tell apart.
struct SenderClasses {
    struct Person {
        /// The reverse-path.
        let address: EmailAddress
        /// Who is logged in; nil: nobody.
        let account: EmailAddress?
        let groups: Set<AddressKey>
        /// Indices of the entries of `accounts`, or of `anonymous`.
        let set: [Int]
    }

    /// Who is logged in, by the lists that name accounts.
    let accounts: PrincipalClasses
    /// Whoever is not, by the lists that reject a reverse-path: it proves nothing, and only keeps away.
    let anonymous: PrincipalClasses
    /// Those who are not logged in first, and fewer names first.
    let people: [Person]

    /// - Parameter topologies: those that have the server.
    init(
        at server: String, to recipient: RecipientClasses.Recipient, _ topologies: [Topology], _ tables: [RoutingTable],
        defaultDomain: DomainName
    ) {
        let restrictions = zip(topologies, tables).flatMap { topology, table in
            recipient.routed.flatMap { table.candidates(covering: $0) }.compactMap { topology.connector(named: $0.connector)?.restrictions }
        }
        let rejected = restrictions.map(\.rejectFrom)
        let submissions = topologies.compactMap { $0.virtualServer(named: server)?.submission }
        var lists = rejected
        if !submissions.isEmpty {
            lists += restrictions.map(\.acceptFrom)
            for submission in submissions {
                if case .listed(let grant, let deny) = submission.relay.accounts { lists += [grant, deny] }
            }
            lists += topologies.flatMap(\.permissions.receive).compactMap { entry in
                guard case .listed(let senders) = entry.senders, entry.recipients.contains(where: { $0.kind == recipient.name }) else {
                    return nil
                }
                return senders
            }
        }
        let most = TopologyDiff.maximumDecisions
        anonymous = PrincipalClasses(rejected, most: most)
        accounts = PrincipalClasses(lists, most: most)
        var people: [Person] = []
        for set in anonymous.sets {
            guard let address = anonymous.example(set, defaultDomain: defaultDomain) ?? EmailAddress(parsing: "a@stranger.invalid") else {
                continue
            }
            people.append(Person(address: address, account: nil, groups: anonymous.groups(set), set: set))
        }
        if !submissions.isEmpty { people += Self.logins(accounts, defaultDomain) }
        self.people = people
    }

    private static func logins(_ classes: PrincipalClasses, _ defaultDomain: DomainName) -> [Person] {
        classes.sets.compactMap { set in
            let example = classes.example(set, defaultDomain: defaultDomain) ?? EmailAddress(parsing: "somebody@\(defaultDomain)")
            return example.map { Person(address: $0, account: $0, groups: classes.groups(set), set: set) }
        }
    }

    // MARK: Words

    /// Who of `people` these are, each once: what is so for somebody is so for whoever is more than that.
    ///
    /// - Parameter positions: in `people`.
    func words(_ positions: [Int]) -> [String] {
        let chosen = positions.map { people[$0] }
        return words(chosen.filter { $0.account == nil }.map(\.set), of: anonymous, isLoggedIn: false)
            + words(chosen.filter { $0.account != nil }.map(\.set), of: accounts, isLoggedIn: true)
    }

    private func words(_ sets: [[Int]], of classes: PrincipalClasses, isLoggedIn: Bool) -> [String] {
        if sets.isEmpty { return [] }
        let isEverybody = sets.count == classes.sets.count
        if isEverybody {
            return [isLoggedIn ? "any account" : "nobody logged in"]
        }
        var told: [Set<Int>] = []
        var words: [(count: Int, word: String)] = []
        for set in sets {
            if set.isEmpty {
                words.append((0, isLoggedIn ? "any other account" : "nobody logged in, writing as anybody else"))
                continue
            }
            // "Any other account" is nobody who is named, so it stands for nobody else.
            if told.contains(where: { $0.isSubset(of: set) }) { continue }
            told.append(Set(set))
            words += classes.words(set).map { (set.count, (isLoggedIn ? "as " : "nobody logged in, writing as ") + $0) }
        }
        return words.sorted(by: <).map(\.word)
    }
}
