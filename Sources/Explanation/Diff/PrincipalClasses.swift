import MailVocabulary
import Topology

/// Users and groups, by the lists that name them.
///
/// A rule asks whether a list names somebody, and not which of its entries does. So whatever two configurations decide about a person, they decide
/// about somebody who is one entry of each list that names the person: these are all such combinations, without those in which an entry adds
/// nothing.
struct PrincipalClasses {
    /// Users, or groups, that the same lists name.
    struct Entry {
        var kinds: [Principal.Kind]
        let lists: Set<Int>
        let isUser: Bool
    }

    let entries: [Entry]
    /// Indices of entries that one person is at once; first nobody's, then single ones. Nobody is two users.
    let sets: [[Int]]

    /// - Parameter most: as many sets are made, and no more: the caller finds that it is too much.
    init(_ lists: [[Principal]], most: Int) {
        struct Name: Hashable {
            let isUser: Bool
            let key: AddressKey
        }
        var (names, order): ([Name: (kind: Principal.Kind, lists: Set<Int>)], [Name]) = ([:], [])
        for (number, list) in lists.enumerated() {
            for principal in list {
                let name =
                    switch principal.kind {
                    case .user(let address): Name(isUser: true, key: AddressKey(address))
                    case .group(let address): Name(isUser: false, key: AddressKey(address))
                    }
                if names[name] == nil { order.append(name) }
                names[name, default: (principal.kind, [])].lists.insert(number)
            }
        }
        struct Membership: Hashable {
            let isUser: Bool
            let lists: Set<Int>
        }
        var (entries, positions): ([Entry], [Membership: Int]) = ([], [:])
        for name in order {
            guard let (kind, lists) = names[name] else { continue }
            let membership = Membership(isUser: name.isUser, lists: lists)
            if let position = positions[membership] {
                entries[position].kinds.append(kind)
            } else {
                positions[membership] = entries.count
                entries.append(Entry(kinds: [kind], lists: lists, isUser: name.isUser))
            }
        }
        self.entries = entries
        var sets: [[Int]] = [[]]
        for index in entries.indices {
            for set in sets where sets.count <= most {
                if entries[index].isUser, set.contains(where: { entries[$0].isUser }) { continue }
                let more = set + [index]
                if Self.isIrreducible(more, entries) { sets.append(more) }
            }
        }
        self.sets = sets.enumerated().sorted { ($0.element.count, $0.offset) < ($1.element.count, $1.offset) }.map(\.element)
    }

    /// Whether each entry has a list to itself.
    private static func isIrreducible(_ set: [Int], _ entries: [Entry]) -> Bool {
        var counts: [Int: Int] = [:]
        for index in set { for list in entries[index].lists { counts[list, default: 0] += 1 } }
        return set.allSatisfy { index in entries[index].lists.contains { counts[$0] == 1 } }
    }

    /// Whether one of the lists names a set.
    func isNamed(_ set: [Int], in list: Int) -> Bool { set.contains { entries[$0].lists.contains(list) } }

    // MARK: Words and examples

    /// `m.alexander@a.example and a member of group:staff@a.example`, for each choice of the entries; where those are very many, in one.
    func words(_ set: [Int]) -> [String] {
        // Users before groups.
        let parts = set.map { (isUser: entries[$0].isUser, words: entries[$0].kinds.map(Self.word).sorted()) }
            .sorted { ($0.isUser ? 0 : 1, $0.words[0]) < ($1.isUser ? 0 : 1, $1.words[0]) }.map(\.words)
        let count = parts.reduce(1) { min($0 * $1.count, 1 << 20) }
        if parts.count > 1, count > Self.mostWords { return [parts.map { $0.joined(separator: " or ") }.joined(separator: " and ")] }
        return parts.reduce([[]]) { sets, part in sets.flatMap { set in part.map { set + [$0] } } }.map { $0.joined(separator: " and ") }
    }

    private static let mostWords = 24

    static func word(_ principal: Principal.Kind) -> String {
        switch principal {
        case .user(let address): "\(address)"
        case .group(let address): "a member of group:\(address)"
        }
    }

    /// The user among them, or a name made of the groups; nil for nobody's.
    func example(_ set: [Int], defaultDomain: DomainName) -> EmailAddress? {
        var groups: [EmailAddress] = []
        for index in set {
            switch entries[index].kinds[0] {
            case .user(let address): return address
            case .group(let group): groups.append(group)
            }
        }
        guard let first = groups.first else { return nil }
        return EmailAddress(parsing: "member-of-\(groups.map(\.localPart).joined(separator: "-and-"))@\(first.domain)")
            ?? EmailAddress(parsing: "member-of-\(first)") ?? EmailAddress(parsing: "member@\(defaultDomain)")
    }

    func groups(_ set: [Int]) -> Set<AddressKey> {
        Set(set.compactMap { if case .group(let group) = entries[$0].kinds[0] { AddressKey(group) } else { nil } })
    }
}
