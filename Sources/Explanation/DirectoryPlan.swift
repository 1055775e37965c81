import MailVocabulary
import Topology
import TopologyFile

/// The way from one directory to another, in an order in which each change is permitted: what is named is there, what goes is not named.
public struct DirectoryPlan: Hashable, Sendable {
    /// An address that both have, in ways that no change leads from one to the other.
    public struct Conflict: Error, Hashable, Sendable {
        public let findings: [Finding]
    }

    public private(set) var changes: [DirectoryChange] = []
    /// What the directory will be.
    public let result: DirectoryDocument

    /// So many addresses in one change, at most: one request of the control socket holds them.
    static let mostAddresses = 250

    /// - Parameter isReplacing: what `wanted` does not have goes; otherwise it stays.
    /// - Throws: addresses that would have to become something else.
    public init(from current: DirectoryDocument, to wanted: DirectoryDocument, isReplacing: Bool) throws(Conflict) {
        let (old, new) = (Side(current), Side(wanted))
        let findings = new.conflicts(with: old)
        guard findings.isEmpty else { throw Conflict(findings: findings.sorted()) }
        result = isReplacing ? wanted : old.merged(with: new)
        add(new, to: old)
        if isReplacing { remove(old, beside: new) }
    }

    private mutating func add(_ new: Side, to old: Side) {
        for user in new.users.values where old.users[AddressKey(user)] == nil { changes.append(.addUser(user)) }
        for (key, group) in new.groups where old.groups[key] == nil {
            changes.append(.addGroup(group.name.address, forward: group.isForward))
        }
        for alias in Side.ordered(new.aliases.filter { old.aliases[$0.key] == nil }) {
            let targets = Side.unique(alias.targets)
            changes.append(.addAlias(alias.name.address, Array(targets.prefix(Self.mostAddresses)), forward: alias.isForward))
            append(targets.dropFirst(Self.mostAddresses)) { .addTargets(alias.name.address, $0) }
        }
        for (key, alias) in new.aliases {
            guard let before = old.aliases[key] else { continue }
            append(Side.missing(alias, in: before)[...]) { .addTargets(alias.name.address, $0) }
        }
        for (key, group) in new.groups {
            let added = old.groups[key].map { Side.missing(group, in: $0) } ?? Side.unique(group.targets)
            append(added[...]) { .addMembers(group.name.address, $0) }
        }
    }

    private mutating func remove(_ old: Side, beside new: Side) {
        for (key, alias) in old.aliases {
            guard let after = new.aliases[key] else { continue }
            append(Side.missing(alias, in: after)[...]) { .removeTargets(alias.name.address, $0) }
        }
        for (key, group) in old.groups {
            let removed = new.groups[key].map { Side.missing(group, in: $0) } ?? Side.unique(group.targets)
            append(removed[...]) { .removeMembers(group.name.address, $0) }
        }
        // Who names others goes first.
        for alias in Side.ordered(old.aliases.filter { new.aliases[$0.key] == nil }).reversed() {
            changes.append(.removeAlias(alias.name.address))
        }
        for (key, group) in old.groups where new.groups[key] == nil { changes.append(.removeGroup(group.name.address)) }
        for (key, user) in old.users where new.users[key] == nil { changes.append(.removeUser(user)) }
    }

    private mutating func append(_ addresses: ArraySlice<EmailAddress>, _ change: ([EmailAddress]) -> DirectoryChange) {
        var rest = addresses
        while !rest.isEmpty {
            changes.append(change(Array(rest.prefix(Self.mostAddresses))))
            rest = rest.dropFirst(Self.mostAddresses)
        }
    }
}

/// A document by its addresses.
private struct Side {
    typealias Entry = DirectoryDocument.Entry

    let document: DirectoryDocument
    var users: [AddressKey: EmailAddress] = [:]
    var aliases: [AddressKey: Entry] = [:]
    var groups: [AddressKey: Entry] = [:]

    init(_ document: DirectoryDocument) {
        self.document = document
        // One that stands twice is for the directory to refuse.
        for user in document.users { users[AddressKey(user.address)] = user.address }
        for alias in document.aliases { aliases[AddressKey(alias.name.address)] = alias }
        for group in document.groups { groups[AddressKey(group.name.address)] = group }
    }

    func conflicts(with old: Side) -> [Finding] {
        var findings: [Finding] = []
        func refuse(_ name: DirectoryDocument.Name, _ message: String) {
            findings.append(Finding(.error, at: name.location, path: "\(name.address)", message))
        }
        func kind(_ key: AddressKey) -> String? {
            old.users[key] != nil ? "user" : old.aliases[key] != nil ? "alias" : old.groups[key] != nil ? "group" : nil
        }
        func check(_ name: DirectoryDocument.Name, is wanted: String) {
            if let kind = kind(AddressKey(name.address)), kind != wanted {
                refuse(name, "the file has it as \(wanted), and so far it is a \(kind): remove that first")
            }
        }
        for user in document.users { check(user, is: "user") }
        for alias in document.aliases { check(alias.name, is: "alias") }
        for group in document.groups { check(group.name, is: "group") }
        for (entry, before)
            in (document.aliases.map { ($0, old.aliases[AddressKey($0.name.address)]) }
            + document.groups.map { ($0, old.groups[AddressKey($0.name.address)]) })
        {
            guard let before, before.isForward != entry.isForward else { continue }
            refuse(entry.name, "it may\(before.isForward ? "" : " not") lead outside so far, and here the other way round: remove it first")
        }
        return findings
    }

    func merged(with new: Side) -> DirectoryDocument {
        func entries(_ mine: [Entry], _ theirs: [AddressKey: Entry], _ all: [Entry], _ own: [AddressKey: Entry]) -> [Entry] {
            mine.map { entry in
                guard let other = theirs[AddressKey(entry.name.address)] else { return entry }
                let known = Set(entry.targets.map { AddressKey($0.address) })
                let added = other.targets.filter { !known.contains(AddressKey($0.address)) }
                return Entry(other.name, targets: entry.targets + added, isForward: entry.isForward)
            } + all.filter { own[AddressKey($0.name.address)] == nil }
        }
        return DirectoryDocument(
            users: document.users + new.document.users.filter { users[AddressKey($0.address)] == nil },
            aliases: entries(document.aliases, new.aliases, new.document.aliases, aliases),
            groups: entries(document.groups, new.groups, new.document.groups, groups))
    }

    static func unique(_ names: [DirectoryDocument.Name]) -> [EmailAddress] {
        var seen: Set<AddressKey> = []
        return names.map(\.address).filter { seen.insert(AddressKey($0)).inserted }
    }

    /// The targets of one that the other does not have.
    static func missing(_ entry: Entry, in other: Entry) -> [EmailAddress] {
        let known = Set(other.targets.map { AddressKey($0.address) })
        return unique(entry.targets).filter { !known.contains(AddressKey($0)) }
    }

    /// Each behind those that it names; what leads in a circle is for the directory to refuse.
    static func ordered(_ aliases: [AddressKey: Entry]) -> [Entry] {
        var (ordered, open) = ([Entry](), aliases)
        while !open.isEmpty {
            let ready = open.filter { !$0.value.targets.contains { open[AddressKey($0.address)] != nil } }
            guard !ready.isEmpty else { return ordered + open.values }
            ordered += ready.values.sorted { "\($0.name.address)" < "\($1.name.address)" }
            for key in ready.keys { open[key] = nil }
        }
        return ordered
    }
}
