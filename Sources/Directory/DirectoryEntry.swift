import MailVocabulary

/// What an address of the directory is.
public enum DirectoryKind: Int64, Hashable, Sendable, CustomStringConvertible {
    case user = 1
    case alias = 2
    case group = 3

    public var description: String {
        switch self {
        case .user: "user"
        case .alias: "alias"
        case .group: "group"
        }
    }
}

/// An address the directory knows, and where mail for it goes.
public struct DirectoryEntry: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// A user's mailbox.
        case mailbox(AccountID)
        /// Another name for one or more targets. Only with `forward` may they lie outside our domains.
        case alias(targets: [EmailAddress], forward: Bool)
        /// The members, which may be groups and aliases themselves. Only with `forward` may they lie outside our domains.
        case group(members: [EmailAddress], forward: Bool)
    }

    /// As it was entered: not the spelling of the recipient that was looked up, and without its `+tag`.
    public let address: EmailAddress
    public let content: Content
    /// The row, unique over all kinds.
    let id: Int64
    /// The keys of targets or members, in their order.
    let targetKeys: [AddressKey]

    /// The same entry with these members alone.
    func leading(to members: [EmailAddress]) -> DirectoryEntry {
        DirectoryEntry(
            address: address, content: .group(members: members, forward: isForward), id: id, targetKeys: members.map { AddressKey($0) })
    }

    public var kind: DirectoryKind {
        switch content {
        case .mailbox: .user
        case .alias: .alias
        case .group: .group
        }
    }

    /// Where the entry leads: targets or members, sorted; empty for a mailbox.
    public var targets: [EmailAddress] {
        switch content {
        case .mailbox: []
        case .alias(let targets, _): targets
        case .group(let members, _): members
        }
    }

    /// Whether targets may lie outside our domains.
    public var isForward: Bool {
        switch content {
        case .mailbox: false
        case .alias(_, let forward), .group(_, let forward): forward
        }
    }
}

/// A user, for a list.
public struct DirectoryUser: Hashable, Sendable {
    public let account: AccountID
    public let address: EmailAddress
    public let createdAt: Timestamp
    /// Credentials with a password; 0: mail comes in, nobody can log in.
    public let credentials: Int
}

/// The domains this directory speaks for, as the configuration has them.
public struct DirectoryDomains: Hashable, Sendable {
    /// Every recipient is in the directory; others do not exist.
    public var authoritative: Set<DomainName>
    /// Recipients that are not in the directory may exist elsewhere.
    public var shared: Set<DomainName>
    /// Completes a login name without a domain; nil: such a name is what it says, and nothing else.
    public var defaultDomain: DomainName?
    /// Other names of those domains, and which. An address in one of them is found under the domain that is meant.
    public var aliases: [DomainName: DomainName]

    public init(
        authoritative: Set<DomainName>, shared: Set<DomainName> = [], defaultDomain: DomainName? = nil,
        aliases: [DomainName: DomainName] = [:]
    ) {
        (self.authoritative, self.shared, self.defaultDomain, self.aliases) = (authoritative, shared, defaultDomain, aliases)
    }

    /// The address in the domain that its own is an alias of; nil where that is none.
    func replacement(for address: EmailAddress) -> EmailAddress? {
        guard !aliases.isEmpty, let name = address.domain.name, let target = aliases[name] else { return nil }
        return address.moved(to: target)
    }

    /// The same address under each other name of its domain.
    func otherSpellings(of address: EmailAddress) -> [EmailAddress] {
        if aliases.isEmpty { return [] }
        return aliases.filter { .name($0.value) == address.domain }.keys.sorted { $0.text < $1.text }.compactMap { address.moved(to: $0) }
    }

    /// Whether mail for a domain is looked up in this directory.
    public func contains(_ name: DomainName) -> Bool { authoritative.contains(name) || shared.contains(name) }

    enum Standing { case authoritative, shared, outside }

    /// An address literal is never one of our domains.
    func standing(of domain: MailDomain) -> Standing {
        guard let name = domain.name else { return .outside }
        return authoritative.contains(name) ? .authoritative : shared.contains(name) ? .shared : .outside
    }
}
