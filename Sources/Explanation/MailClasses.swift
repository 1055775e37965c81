import MailVocabulary
import Routing
import Topology

/// The classes of mail that two configurations tell apart, each with an example.
struct MailClasses {
    struct Client {
        let word: String
        let address: IPAddress
        var name: DomainName?
    }

    struct Person {
        let word: String
        /// The reverse-path.
        let address: EmailAddress
        /// Who is logged in; nil: nobody.
        let account: EmailAddress?
    }

    /// What only the message itself tells (E15).
    struct Nature {
        /// Empty for a message of which nothing is known.
        var word = ""
        var size: Int?
        var priority: ContentRestrictions.Priority?
        var isAutomatic: Bool?
    }

    struct Recipient {
        let word: String
        let address: EmailAddress
    }

    private(set) var clients: [Client] = []
    private(set) var people: [Person] = []
    private(set) var recipients: [Recipient] = []
    /// First a message of which nothing is known; each other one differs from it in one way.
    private(set) var natures = [Nature()]
    /// The groups that the examples are in.
    private(set) var groups: [AddressKey: Set<AddressKey>] = [:]

    /// A name that nobody has here.
    static let absent = "nobody-of-this-name"

    init(_ old: Topology, _ new: Topology) {
        addClients(of: [old, new])
        let principals = Self.principals(of: [old, new])
        addPeople(principals, old)
        addOthersAddresses(of: [old, new], old)
        addRecipients(of: [old, new], principals)
        addNatures(of: [old, new])
    }

    private mutating func addClients(of topologies: [Topology]) {
        // A documentation address (RFC 5737) that no list names, wherever there is one.
        clients.append(Client(word: "a stranger", address: IPAddress(ipv4: 0xC633_6407)))
        var seen: Set<String> = []
        for entry in topologies.flatMap(\.virtualServers).flatMap(Self.computers) where seen.insert("\(entry)").inserted {
            let stranger = clients[0].address
            switch entry.pattern {
            case .subnet(let subnet): clients.append(Client(word: "a computer of \(entry)", address: subnet.base))
            case .exact(let name): clients.append(Client(word: "a computer named \(entry)", address: stranger, name: name))
            case .below(let name):
                guard let below = DomainName(parsing: "computer.\(name)") else { continue }
                clients.append(Client(word: "a computer named \(entry)", address: stranger, name: below))
            }
        }
    }

    private mutating func addPeople(_ principals: [Principal.Kind], _ topology: Topology) {
        var found: [Person] = []
        func add(_ word: String, _ address: EmailAddress?, loggedIn: Bool) {
            if let address { found.append(Person(word: word, address: address, account: loggedIn ? address : nil)) }
        }
        add("nobody logged in", EmailAddress(parsing: "a@stranger.invalid"), loggedIn: false)
        add("any other account", EmailAddress(parsing: "somebody@\(topology.defaultDomain)"), loggedIn: true)
        for principal in principals {
            let (word, address) = (Self.word(principal), example(of: principal))
            add("nobody logged in, writing as \(word)", address, loggedIn: false)
            add("as \(word)", address, loggedIn: true)
        }
        people = found
    }

    /// `permissions.send_as`: those who are granted an address, and somebody who is not.
    private mutating func addOthersAddresses(of topologies: [Topology], _ topology: Topology) {
        var seen: Set<String> = []
        for grant in topologies.flatMap(\.permissions.sendAs) {
            for address in grant.addresses {
                func add(_ word: String, _ account: EmailAddress?) {
                    let word = "\(word), writing as \(address)"
                    guard let account, seen.insert(word).inserted else { return }
                    people.append(Person(word: word, address: address, account: account))
                }
                add("any other account", EmailAddress(parsing: "somebody@\(topology.defaultDomain)"))
                for principal in grant.accounts { add("as \(Self.word(principal.kind))", example(of: principal.kind)) }
            }
        }
    }

    private mutating func addNatures(of topologies: [Topology]) {
        let restrictions = topologies.flatMap(\.connectors).map(\.content)
        for size in Set(restrictions.compactMap(\.maximumSize)).sorted(by: { $0.bytes < $1.bytes }) {
            natures.append(Nature(word: "larger than \(size)", size: size.bytes + 1))
        }
        for priority in ContentRestrictions.Priority.allCases where restrictions.contains(where: { !$0.priorities.contains(priority) }) {
            natures.append(Nature(word: "of \(priority.rawValue) priority", priority: priority))
        }
        for (type, word) in [(ContentRestrictions.MessageType.system, "written by a program"), (.nonSystem, "written by a person")]
        where restrictions.contains(where: { !$0.types.contains(type) }) {
            natures.append(Nature(word: word, isAutomatic: type == .system))
        }
    }

    private mutating func addRecipients(of topologies: [Topology], _ principals: [Principal.Kind]) {
        var seen: Set<String> = []
        var found: [Recipient] = []
        func add(_ word: String, _ address: EmailAddress?) {
            if let address, seen.insert(word).inserted { found.append(Recipient(word: word, address: address)) }
        }
        for domain in topologies.flatMap({ $0.domains.keys }).map(\.text).sorted() {
            add("somebody in \(domain)", EmailAddress(parsing: "somebody@\(domain)"))
            add("a name in \(domain) that nobody has", EmailAddress(parsing: "\(Self.absent)@\(domain)"))
        }
        for receive in topologies.flatMap(\.permissions.receive) {
            for principal in receive.recipients { add(Self.word(principal.kind), example(of: principal.kind)) }
        }
        for pattern in topologies.flatMap(\.connectors).flatMap(\.addressSpaces).map(\.pattern) {
            switch pattern {
            case .any: add("a domain that nothing names", EmailAddress(parsing: "b@elsewhere.invalid"))
            case .exact(let name): add("somebody in \(name)", EmailAddress(parsing: "somebody@\(name)"))
            case .below(let name): add("a domain below \(name)", EmailAddress(parsing: "somebody@below.\(name)"))
            }
        }
        add("a domain that nothing names", EmailAddress(parsing: "b@elsewhere.invalid"))
        recipients = found
    }

    /// Users and groups that any rule names, each once.
    private static func principals(of topologies: [Topology]) -> [Principal.Kind] {
        var seen: Set<Principal.Kind> = []
        let all = topologies.flatMap { topology -> [Principal] in
            let relay = topology.virtualServers.flatMap { server -> [Principal] in
                guard case .submission(let settings) = server.role, case .listed(let grant, let deny) = settings.relay.accounts else {
                    return []
                }
                return grant + deny
            }
            let senders = topology.permissions.receive.flatMap { receive -> [Principal] in
                if case .listed(let principals) = receive.senders { principals } else { [] }
            }
            return relay + senders + topology.connectors.flatMap { $0.restrictions.acceptFrom + $0.restrictions.rejectFrom }
        }
        return all.map(\.kind).filter { seen.insert($0).inserted }
    }

    private static func word(_ principal: Principal.Kind) -> String {
        switch principal {
        case .user(let address): "\(address)"
        case .group(let address): "a member of group:\(address)"
        }
    }

    /// The user, or somebody who is in this group and no other.
    private mutating func example(of principal: Principal.Kind) -> EmailAddress? {
        switch principal {
        case .user(let address): return address
        case .group(let group):
            guard let member = EmailAddress(parsing: "member-of-\(group)") else { return nil }
            groups[AddressKey(member)] = [AddressKey(group)]
            return member
        }
    }

    private static func computers(_ server: VirtualServer) -> [HostEntry] {
        guard case .submission(let settings) = server.role else { return [] }
        return settings.relay.computers.entries
    }
}

/// A directory in which every name of ours is a mailbox, but the one that nobody has, and examples are in their groups.
struct ClassDirectory: RoutingDirectory {
    private let groups: [AddressKey: Set<AddressKey>]

    init(_ classes: MailClasses) { groups = classes.groups }

    func answer(for recipient: EmailAddress) -> DirectoryAnswer {
        recipient.localPart == MailClasses.absent ? .unknown : .known(KnownRecipient(mailboxes: [recipient]))
    }

    func groups(of address: EmailAddress) -> Set<AddressKey> { groups[AddressKey(address)] ?? [] }

    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }
}
