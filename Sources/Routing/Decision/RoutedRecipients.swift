import MailVocabulary

/// The final addresses of a recipient that was accepted, and the way that each takes.
///
/// Those of a group are not a list: they are made from what every message to that group shares (``Destinations``) and the way that each
/// class of its members takes, so that a group of 10,000 costs a message no more than one of two.
public struct RoutedRecipients: Sendable {
    enum Storage: Sendable {
        case listed([RoutedRecipient])
        case shared(Shared)
    }

    /// - `ways`: by class, that of its first address; nil: nobody of the class gets the message.
    struct Shared: Sendable {
        let destinations: Destinations
        let ways: [RoutedRecipient?]

        func isKept(_ index: Int) -> Bool { ways[destinations.groupNumber(of: index)] != nil }
    }

    private(set) var storage: Storage

    init(_ shared: Shared) { storage = .shared(shared) }

    public init(_ listed: [RoutedRecipient] = []) { storage = .listed(listed) }

    mutating func append(_ route: RoutedRecipient) {
        guard case .listed(var list) = storage else { return }
        storage = .listed([])
        list.append(route)
        storage = .listed(list)
    }
}

extension RoutedRecipients: Collection {
    public var startIndex: Int {
        switch storage {
        case .listed: 0
        case .shared(let shared):
            zip(shared.destinations.groups, shared.ways).lazy.filter { $0.1 != nil }.map(\.0.first).min() ?? shared.destinations.count
        }
    }

    public var endIndex: Int {
        switch storage {
        case .listed(let list): list.count
        case .shared(let shared): shared.destinations.count
        }
    }

    public func index(after index: Int) -> Int {
        guard case .shared(let shared) = storage else { return index + 1 }
        var next = index + 1
        while next < shared.destinations.count, !shared.isKept(next) { next += 1 }
        return next
    }

    public subscript(index: Int) -> RoutedRecipient {
        switch storage {
        case .listed(let list): return list[index]
        case .shared(let shared):
            guard let way = shared.ways[shared.destinations.groupNumber(of: index)] else {
                preconditionFailure("an index of this collection has a way")
            }
            return way.leading(to: shared.destinations.address(index))
        }
    }

    /// Final addresses; no walk through them.
    public var count: Int {
        switch storage {
        case .listed(let list): list.count
        case .shared(let shared): zip(shared.destinations.groups, shared.ways).reduce(0) { $0 + ($1.1 == nil ? 0 : $1.0.count) }
        }
    }

    public var isEmpty: Bool { count == 0 }
}

extension RoutedRecipients {
    /// Whether one of the final addresses that take such a way is of that kind. Each way is looked at once.
    public func contains(over isMeant: (RoutedRecipient) -> Bool, where isOfKind: (EmailAddress) -> Bool) -> Bool {
        switch storage {
        case .listed(let list): return list.contains { isMeant($0) && isOfKind($0.address) }
        case .shared(let shared):
            let isMeant = shared.ways.map { $0.map(isMeant) ?? false }
            guard isMeant.contains(true) else { return false }
            return (0..<shared.destinations.count).contains {
                isMeant[shared.destinations.groupNumber(of: $0)] && isOfKind(shared.destinations.address($0))
            }
        }
    }
}

extension RoutedRecipients: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: RoutedRecipient...) { self.init(elements) }
}

extension RoutedRecipients: Hashable {
    public static func == (left: RoutedRecipients, right: RoutedRecipients) -> Bool {
        left.count == right.count && left.elementsEqual(right)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        hasher.combine(first)
    }
}

extension RoutedRecipient {
    /// The same way for another address of its class.
    fileprivate func leading(to address: EmailAddress) -> RoutedRecipient {
        RoutedRecipient(
            address: address, original: original, connector: connector, nextHop: nextHop.leading(to: address.domain), hold: hold)
    }
}

extension NextHop {
    /// The next hop that the same connector has for another domain of the same address space.
    fileprivate func leading(to domain: MailDomain) -> NextHop {
        switch (self, domain) {
        case (.domain, .name(let name)), (.address, .name(let name)): .domain(name)
        case (.domain, .literal(let address)), (.address, .literal(let address)): .address(address)
        case (.directFirst, _): .directFirst(domain)
        case (.smartHosts, _), (.unknownTo, _), (.maildir, _), (.lmtp, _), (.held, _): self
        }
    }
}
