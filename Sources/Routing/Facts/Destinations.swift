import MailVocabulary

/// Where a recipient of ours leads, arranged by what the rules ask of each final address.
///
/// It depends on the directory and the configuration alone, so one value serves every message to that recipient: the large part of a decision is
/// worked out once, and what depends on sender, size, time and connectors is decided for each class of final addresses instead of for each
/// address. The addresses of a class differ in their text only: every rule takes the same course for all of them.
public final class Destinations: Sendable {
    /// What rule 1 says of a final address, whoever sends.
    enum Standing: Hashable, Sendable {
        case mailbox
        /// A mailbox left over from a domain that is ours no more: its mail would leave over the general route.
        case strandedMailbox
        /// Outside our domains, over a forward.
        case forwarded
        /// In this shared domain of ours, and not in the directory.
        case elsewhere(DomainName)
        /// In this authoritative domain of ours, and not in the directory.
        case missing(DomainName)
    }

    /// One final address.
    struct Target: Sendable {
        let address: EmailAddress
        /// The alias or group that names it; nil for a mailbox.
        let via: EmailAddress?
        let standing: Standing
        /// The entries of `permissions.receive` that name it; nil: not looked up yet.
        let naming: [ReceiveIndex.Naming]?
    }

    /// Final addresses for which every rule takes the same course.
    struct Group: Sendable {
        let standing: Standing
        let naming: [ReceiveIndex.Naming]
        /// The index of the first of them.
        let first: Int
        fileprivate(set) var count: Int
    }

    private struct Key: Hashable {
        let standing: Standing
        let space: ObjectIdentifier?
        let naming: [ReceiveIndex.Naming]
    }

    public let known: KnownRecipient
    /// The configuration that the classes go by.
    let table: RoutingTable
    let groups: [Group]
    private let groupNumbers: [UInt32]

    /// Final addresses: mailboxes, then those outside.
    public var count: Int { groupNumbers.count }

    /// What it takes of a cache's capacity, by the addresses in it.
    public var weight: Int { 1 + count + known.steps.count + known.problems.count }

    /// Takes time in proportion to the final addresses, and asks the directory for the groups of each where `permissions.receive` names
    /// any group.
    ///
    /// - Throws: only what `directory` throws.
    public init<D: RoutingDirectory>(_ known: KnownRecipient, by table: RoutingTable, directory: D) throws(D.Failure) {
        var groups: [Group] = []
        var numbers: [Key: Int] = [:]
        var groupNumbers: [UInt32] = []
        let count = known.mailboxes.count + known.outside.count
        groupNumbers.reserveCapacity(count)
        for index in 0..<count {
            let isMailbox = index < known.mailboxes.count
            let address = isMailbox ? known.mailboxes[index] : known.outside[index - known.mailboxes.count].address
            let standing = Self.standing(of: address, isMailbox: isMailbox, table)
            let key: Key
            switch standing {
            case .strandedMailbox, .missing: key = Key(standing: standing, space: nil, naming: [])
            case .forwarded: key = Key(standing: standing, space: table.spaceID(for: address), naming: [])
            case .mailbox, .elsewhere:
                key = Key(
                    standing: standing, space: table.spaceID(for: address),
                    naming: try table.receive.naming(of: address, table, directory))
            }
            let number: Int
            if let known = numbers[key] {
                number = known
                groups[number].count += 1
            } else {
                number = groups.count
                numbers[key] = number
                groups.append(Group(standing: standing, naming: key.naming, first: index, count: 1))
            }
            groupNumbers.append(UInt32(truncatingIfNeeded: number))
        }
        (self.known, self.table, self.groups, self.groupNumbers) = (known, table, groups, groupNumbers)
    }

    static func standing(of address: EmailAddress, isMailbox: Bool, _ table: RoutingTable) -> Standing {
        switch (isMailbox, table.ourDomain(address.domain)) {
        case (true, _?): .mailbox
        case (true, nil): .strandedMailbox
        case (false, nil): .forwarded
        case (false, let domain?): domain.isShared ? .elsewhere(domain.name) : .missing(domain.name)
        }
    }

    func groupNumber(of index: Int) -> Int { Int(groupNumbers[index]) }

    func address(_ index: Int) -> EmailAddress {
        index < known.mailboxes.count ? known.mailboxes[index] : known.outside[index - known.mailboxes.count].address
    }

    func target(_ index: Int) -> Target {
        let group = groups[groupNumber(of: index)]
        let via = index < known.mailboxes.count ? nil : known.outside[index - known.mailboxes.count].via
        return Target(address: address(index), via: via, standing: group.standing, naming: group.naming)
    }

    /// The same without the targets that no route leads to.
    func kept(by isKept: (Int) -> Bool) -> KnownRecipient {
        let mailboxes = known.mailboxes.count
        return KnownRecipient(
            steps: known.steps, mailboxes: (0..<mailboxes).filter(isKept).map { known.mailboxes[$0] },
            outside: (mailboxes..<count).filter(isKept).map { known.outside[$0 - mailboxes] }, problems: known.problems)
    }
}

extension RoutingTable {
    fileprivate func spaceID(for address: EmailAddress) -> ObjectIdentifier? {
        spaces.mostSpecific(for: address.domain).map { ObjectIdentifier($0) }
    }
}

extension Destinations: Hashable {
    public static func == (left: Destinations, right: Destinations) -> Bool { left === right || left.known == right.known }
    public func hash(into hasher: inout Hasher) { hasher.combine(known) }
}
