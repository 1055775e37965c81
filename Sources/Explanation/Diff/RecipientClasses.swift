import MailVocabulary
import Routing
import Topology

/// The recipients that two configurations tell apart.
///
/// Domains are alike where each configuration has them as the same kind of ours, or as none, and the same connectors cover them at the same cost:
/// one of them stands for all, and all are named.
struct RecipientClasses {
    struct Recipient {
        /// One for each domain: `somebody in far.example`.
        var words: [String]
        let address: EmailAddress
        /// What the directory says where the address is ours.
        let answer: DirectoryAnswer
        /// The domains whose connectors it takes.
        let routed: [MailDomain]
        /// `permissions.receive`: what names it.
        var name: Principal.Kind?
        var groups: Set<AddressKey> = []
    }

    private(set) var recipients: [Recipient] = []

    /// A name that nobody has here.
    private static let absent = "nobody-of-this-name"

    private struct Domain {
        var words: [String]
        var names: [DomainName]
        let isOurs: Bool
        let isAlwaysOurs: Bool
        /// In either configuration.
        let isShared: Bool
    }

    init(_ topologies: [Topology], _ tables: [RoutingTable]) {
        let domains = Self.domains(topologies, tables)
        for domain in domains where domain.isOurs {
            add(domain, local: "somebody", word: { "somebody in \($0)" }, answer: { .known(KnownRecipient(mailboxes: [$0])) })
            add(domain, local: Self.absent, word: { "a name in \($0) that nobody has" }, answer: { _ in .unknown })
            add(domain, local: "empty", word: { "an alias in \($0) that leads to nobody" }, answer: { _ in .known(KnownRecipient()) })
        }
        addPostmasters(topologies, domains)
        addNamed(topologies, domains)
        for domain in domains where !domain.isOurs {
            guard let address = EmailAddress(parsing: "somebody@\(domain.names[0])") else { continue }
            recipients.append(
                Recipient(words: domain.words, address: address, answer: .unknown, routed: [address.domain]))
        }
        addForwards(domains)
    }

    // MARK: Domains

    /// In the order of the configurations: ours, then those of address spaces, then one that nothing names.
    private static func domains(_ topologies: [Topology], _ tables: [RoutingTable]) -> [Domain] {
        var (found, positions): ([Domain], [[String]: Int]) = ([], [:])
        var seen: Set<DomainName> = []
        func add(_ word: String, _ name: DomainName?) {
            guard let name, seen.insert(name).inserted else { return }
            let kinds = topologies.map { kind(name, in: $0) }
            let key =
                kinds
                + zip(topologies, tables).map {
                    $1.candidates(covering: .name($0.domainAliases[name]?.target ?? name)).map { "\($0.connector) \($0.cost)" }.joined(
                        separator: ";")
                }
            if let position = positions[key] {
                found[position].words.append(word)
                found[position].names.append(name)
                return
            }
            positions[key] = found.count
            found.append(
                Domain(
                    words: [word], names: [name], isOurs: topologies.contains { !kind(name, in: $0).isEmpty },
                    isAlwaysOurs: topologies.allSatisfy { !kind(name, in: $0).isEmpty },
                    isShared: topologies.contains { $0.domains[$0.domainAliases[name]?.target ?? name]?.isShared == true }))
        }
        for name in Set(topologies.flatMap { Array($0.domains.keys) + Array($0.domainAliases.keys) }).sorted() {
            add("somebody in \(name)", name)
        }
        for pattern in topologies.flatMap(\.connectors).flatMap(\.addressSpaces).map(\.pattern) {
            switch pattern {
            case .any: add("a domain that nothing names", DomainName(inAddress: "elsewhere.invalid"))
            case .exact(let name): add("somebody in \(name)", name)
            case .below(let name): add("a domain below \(name)", DomainName(inAddress: "any-domain-here.\(name)"))
            }
        }
        add("a domain that nothing names", DomainName(inAddress: "elsewhere.invalid"))
        return found
    }

    /// Empty where it is none of ours.
    private static func kind(_ name: DomainName, in topology: Topology) -> String {
        if let alias = topology.domainAliases[name] { return "alias of \(alias.target)" }
        return switch topology.domains[name]?.kind {
        case nil: ""
        case .authoritative: "authoritative"
        case .shared(nil): "shared"
        case .shared: "shared with a host"
        }
    }

    private mutating func add(
        _ domain: Domain, local: String, word: (DomainName) -> String, answer: (EmailAddress) -> DirectoryAnswer
    ) {
        guard let address = EmailAddress(parsing: "\(local)@\(domain.names[0])") else { return }
        recipients.append(
            Recipient(words: domain.names.map(word), address: address, answer: answer(address), routed: [address.domain]))
    }

    // MARK: Others

    /// RFC 5321 §4.5.1: who gets the mail of a postmaster that the directory does not have.
    private mutating func addPostmasters(_ topologies: [Topology], _ domains: [Domain]) {
        let targets = topologies.compactMap { $0.postmaster?.address.domain }
        guard !targets.isEmpty else { return }
        for domain in domains where domain.isOurs {
            guard let address = EmailAddress(parsing: "postmaster@\(domain.names[0])") else { continue }
            recipients.append(
                Recipient(
                    words: domain.names.map { "postmaster@\($0), where the directory has none" }, address: address, answer: .unknown,
                    routed: [address.domain] + targets))
        }
    }

    /// `permissions.receive`: users by themselves, and somebody who is in one group and no other, in each kind of domain of ours.
    private mutating func addNamed(_ topologies: [Topology], _ domains: [Domain]) {
        var seen: Set<Principal.Kind> = []
        for kind in topologies.flatMap(\.permissions.receive).flatMap(\.recipients).map(\.kind) where seen.insert(kind).inserted {
            let word = PrincipalClasses.word(kind)
            switch kind {
            case .user(let address):
                recipients.append(
                    Recipient(
                        words: [word], address: address, answer: .known(KnownRecipient(mailboxes: [address])), routed: [address.domain],
                        name: kind))
            case .group(let group):
                for domain in domains where domain.isOurs {
                    // In the group's own domain, where it is one of these.
                    let own = domain.names.first { .name($0) == group.domain }
                    guard let member = EmailAddress(parsing: "member-of-\(group.localPart)@\(own ?? domain.names[0])") else { continue }
                    recipients.append(
                        Recipient(
                            words: domain.names.map { .name($0) == group.domain ? word : "\(word) in \($0)" }, address: member,
                            answer: .known(KnownRecipient(mailboxes: [member])), routed: [member.domain], name: kind,
                            groups: [AddressKey(group)]))
                }
            }
        }
    }

    /// An alias or group that leads to an address that the directory does not have: whoever writes to it needs no permission to relay.
    private mutating func addForwards(_ domains: [Domain]) {
        guard let own = (domains.first(where: \.isAlwaysOurs) ?? domains.first(where: \.isOurs))?.names.first else { return }
        for (number, domain) in domains.enumerated() where !domain.isAlwaysOurs || domain.isShared {
            guard let alias = EmailAddress(parsing: "alias-\(number)@\(own)"),
                let target = EmailAddress(parsing: "somebody@\(domain.names[0])")
            else { continue }
            // Where the domain is ours the directory does not have the address, or it would be a mailbox.
            let words = domain.isAlwaysOurs ? domain.names.map { "a name in \($0) that nobody has" } : domain.words
            let known = KnownRecipient(
                steps: [.init(.alias, alias, count: 1)], outside: [KnownRecipient.Outside(target, via: alias)])
            recipients.append(
                Recipient(
                    words: words.map { "an alias for \($0)" }, address: alias, answer: .known(known), routed: [target.domain]))
        }
    }
}
