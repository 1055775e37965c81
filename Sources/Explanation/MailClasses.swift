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
    private(set) var recipients: [Recipient] = []
    /// First a message of which nothing is known; each other one differs from it in one way.
    private(set) var natures = [Nature()]
    /// The groups that the recipients of the examples are in.
    private(set) var groups: [AddressKey: Set<AddressKey>] = [:]

    /// A name that nobody has here.
    static let absent = "nobody-of-this-name"

    init(_ old: Topology, _ new: Topology) {
        addClients(of: [old, new])
        addRecipients(of: [old, new])
        addNatures(of: [old, new])
    }

    /// Subnets cut the addresses into pieces, and each piece begins where one of them begins or behind where one ends: an address of each piece is
    /// enough. Names only ever add to that.
    private mutating func addClients(of topologies: [Topology]) {
        // A documentation address (RFC 5737) that no list names, wherever there is one.
        let stranger = IPAddress(ipv4: 0xC633_6407)
        let entries = topologies.flatMap(\.virtualServers).flatMap(Self.computers)
        let subnets = entries.compactMap { if case .subnet(let subnet) = $0.pattern { subnet } else { nil } }
        var pieces: Set<[Bool]> = []
        func add(_ word: String, _ address: IPAddress) {
            guard pieces.insert(subnets.map { $0.contains(address) }).inserted else { return }
            clients.append(Client(word: word, address: address))
        }
        add("a stranger", stranger)
        for subnet in subnets { add("a computer of \(subnet)", subnet.base) }
        let first = [IPAddress(ipv4: 0), IPAddress(octets: [UInt8](repeating: 0, count: 16))].compactMap(\.self)
        for address in subnets.compactMap(\.firstBehind) + first { add("a computer at \(address)", address) }
        var seen: Set<String> = []
        for entry in entries where seen.insert("\(entry)").inserted {
            switch entry.pattern {
            case .subnet: continue
            case .exact(let name): clients.append(Client(word: "a computer named \(entry)", address: stranger, name: name))
            case .below(let name):
                guard let below = DomainName(inAddress: "computer.\(name)") else { continue }
                clients.append(Client(word: "a computer named \(entry)", address: stranger, name: below))
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

    private mutating func addRecipients(of topologies: [Topology]) {
        var seen: Set<String> = []
        var found: [Recipient] = []
        func add(_ word: String, _ address: EmailAddress?) {
            if let address, seen.insert(word).inserted { found.append(Recipient(word: word, address: address)) }
        }
        for domain in topologies.flatMap({ Array($0.domains.keys) + Array($0.domainAliases.keys) }).map(\.text).sorted() {
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

    static func word(_ principal: Principal.Kind) -> String {
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
        server.submission?.relay.computers.entries ?? []
    }
}

/// A directory in which every name of ours is a mailbox, but the one that nobody has, and examples are in their groups.
struct ClassDirectory: RoutingDirectory {
    /// Of recipients.
    let groups: [AddressKey: Set<AddressKey>]
    let sender: SenderClasses.Person

    func answer(for recipient: EmailAddress) -> DirectoryAnswer {
        recipient.localPart == MailClasses.absent ? .unknown : .known(KnownRecipient(mailboxes: [recipient]))
    }

    func groups(of address: EmailAddress) -> Set<AddressKey> {
        AddressKey(address) == AddressKey(sender.account ?? sender.address) ? sender.groups : groups[AddressKey(address)] ?? []
    }

    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }
}

extension Subnet {
    /// The address behind its last one; nil where there is none.
    var firstBehind: IPAddress? {
        var octets = base.octets
        for bit in prefixLength..<(octets.count * 8) { octets[bit / 8] |= 0x80 >> UInt8(bit % 8) }
        for index in octets.indices.reversed() {
            if octets[index] < 0xFF {
                octets[index] += 1
                return IPAddress(octets: octets)
            }
            octets[index] = 0
        }
        return nil
    }
}
