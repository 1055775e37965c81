import MailVocabulary

/// Where mail for one address goes in the end: aliases and groups followed, nobody twice.
public struct Expansion: Hashable, Sendable {
    /// Aliases and groups in a row that are followed at most.
    public static let maximumDepth = 32
    /// Mailboxes and outside addresses together.
    public static let maximumRecipients = 100_000
    /// Targets looked at, those already seen included.
    public static let maximumTargets = 1_000_000
    /// Steps kept in the trace.
    public static let maximumTrace = 1000

    /// An address that is not in the directory.
    public struct Outside: Hashable, Sendable {
        public let address: EmailAddress
        /// The alias or group that names it.
        public let via: EmailAddress
    }

    /// Why a target gets nothing, although the address was accepted.
    public enum Problem: Hashable, Sendable {
        /// In a domain of ours, and gone from the directory.
        case unknown(EmailAddress, via: EmailAddress)
        /// Outside our domains (the domain was one of ours once), and `via` is no forward.
        case notForwarded(EmailAddress, via: EmailAddress)
        /// More than `maximumDepth` aliases and groups in a row.
        case tooDeep(EmailAddress, via: EmailAddress)
        /// More than `maximumRecipients` or `maximumTargets`: the rest is missing.
        case tooMany
    }

    /// One address that was followed or reached, for `postern explain`.
    public struct Step: Hashable, Sendable {
        public enum Outcome: Hashable, Sendable {
            case mailbox
            case alias(targets: Int)
            case group(members: Int)
            case outside
            case problem
        }
        public let address: EmailAddress
        /// The alias or group that named it; nil for the address the expansion began with.
        public let via: EmailAddress?
        public let outcome: Outcome
    }

    /// The users' addresses, in the order they were reached.
    public internal(set) var mailboxes: [EmailAddress] = []
    /// Beyond the directory: over forwards, or in shared domains.
    public internal(set) var outside: [Outside] = []
    public internal(set) var problems: [Problem] = []
    /// At most `maximumTrace` steps.
    public internal(set) var trace: [Step] = []

    /// Nobody would get the message: an empty group, or nothing but problems.
    public var isEmpty: Bool { mailboxes.isEmpty && outside.isEmpty }

    fileprivate mutating func note(_ address: EmailAddress, via: EmailAddress?, _ outcome: Step.Outcome) {
        if trace.count < Self.maximumTrace { trace.append(Step(address: address, via: via, outcome: outcome)) }
    }

    fileprivate var isFull: Bool { mailboxes.count + outside.count >= Self.maximumRecipients }
}

extension Expansion.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknown(let address, let via): "\(via) leads to \(address), which does not exist"
        case .notForwarded(let address, let via): "\(via) leads to \(address) outside our domains, and is no forward"
        case .tooDeep(let address, let via): "\(via) leads to \(address) over more than \(Expansion.maximumDepth) aliases and groups"
        case .tooMany: "the address leads to more than \(Expansion.maximumRecipients) recipients"
        }
    }
}

extension Directory {
    /// Follows aliases and groups, breadth first, to mailboxes and outside addresses. Ends also on cycles, should the file hold one.
    ///
    /// - Returns: nil where the directory does not know the address.
    /// - Throws: `.storage`, `.damaged`.
    public func expand(_ recipient: EmailAddress) throws(DirectoryError) -> Expansion? {
        guard let root = try resolve(recipient: recipient) else { return nil }
        if case .mailbox = root.content {
            var expansion = Expansion()
            expansion.mailboxes = [root.address]
            expansion.note(root.address, via: nil, .mailbox)
            return expansion
        }
        let key = AddressKey(root.address)
        if let known = cache.expansion(for: key) { return known }
        let expansion = try follow(root)
        cache.insert(expansion, for: key)
        return expansion
    }

    private func follow(_ root: DirectoryEntry) throws(DirectoryError) -> Expansion {
        var expansion = Expansion()
        var seen: Set<Int64> = [root.id]
        var seenOutside: Set<AddressKey> = []
        var waiting = [(entry: root, depth: 1)]
        var next = 0
        var targetsLeft = Expansion.maximumTargets
        expansion.noteFollowed(root, via: nil)
        while next < waiting.count {
            let (owner, depth) = waiting[next]
            next += 1
            let (targets, via) = (owner.targets, owner.address)
            for (target, key) in zip(targets, owner.targetKeys) {
                targetsLeft -= 1
                guard targetsLeft >= 0, !expansion.isFull else {
                    expansion.problems.append(.tooMany)
                    return expansion
                }
                guard let entry = try resolve(target, key: key) else {
                    if seenOutside.insert(key).inserted { expansion.addUnknown(target, owner: owner, domains) }
                    continue
                }
                guard !seen.contains(entry.id) else { continue }
                switch entry.content {
                case .mailbox:
                    expansion.mailboxes.append(entry.address)
                    expansion.note(entry.address, via: via, .mailbox)
                case .alias, .group:
                    guard depth < Expansion.maximumDepth else {
                        expansion.problems.append(.tooDeep(entry.address, via: via))
                        expansion.note(entry.address, via: via, .problem)
                        break
                    }
                    waiting.append((entry, depth + 1))
                    expansion.noteFollowed(entry, via: via)
                }
                seen.insert(entry.id)
            }
        }
        return expansion
    }
}

extension Expansion {
    fileprivate mutating func noteFollowed(_ entry: DirectoryEntry, via: EmailAddress?) {
        let count = entry.targetKeys.count
        note(entry.address, via: via, entry.kind == .alias ? .alias(targets: count) : .group(members: count))
    }

    fileprivate mutating func addUnknown(_ target: EmailAddress, owner: DirectoryEntry, _ domains: DirectoryDomains) {
        let target = domains.replacement(for: target) ?? target
        let problem: Problem
        switch domains.standing(of: target.domain) {
        case .authoritative: problem = .unknown(target, via: owner.address)
        case .outside where !owner.isForward: problem = .notForwarded(target, via: owner.address)
        case .outside, .shared:
            outside.append(Outside(address: target, via: owner.address))
            note(target, via: owner.address, .outside)
            return
        }
        problems.append(problem)
        note(target, via: owner.address, .problem)
    }
}
