import MailVocabulary

/// The answers to recent look-ups, also that an address is unknown, the finished expansions of aliases
/// and groups, and who is in which groups.
///
/// Bounded by the addresses in it. Every change of the directory empties it: one entry may be part of any number of expansions.
struct DirectoryCache {
    /// A known answer.
    enum Answer {
        case entry(DirectoryEntry)
        case unknown

        /// What it takes of the capacity: a big group as much as its members.
        fileprivate var weight: Int {
            switch self {
            case .entry(let entry): 1 + entry.targetKeys.count
            case .unknown: 1
            }
        }
    }

    private var answers: GenerationCache<Answer>
    /// The addresses of aliases and groups that were not read as a whole.
    private var leads: GenerationCache<EmailAddress>
    private var expansions: GenerationCache<Expansion>
    private var memberships: GenerationCache<Set<AddressKey>>

    /// - Parameters:
    ///   - capacity: how many addresses, with the members of groups counted, are kept at most.
    ///   - expansionCapacity: the same for the recipients of expansions.
    init(capacity: Int, expansionCapacity: Int = 0) {
        answers = GenerationCache(capacity: capacity)
        leads = GenerationCache(capacity: capacity)
        expansions = GenerationCache(capacity: expansionCapacity)
        memberships = GenerationCache(capacity: capacity)
    }

    mutating func answer(for key: AddressKey) -> Answer? { answers.value(for: key) }
    mutating func insert(_ answer: Answer, for key: AddressKey) { answers.insert(answer, weight: answer.weight, for: key) }

    mutating func lead(for key: AddressKey) -> EmailAddress? { leads.value(for: key) }
    mutating func insert(lead address: EmailAddress, for key: AddressKey) { leads.insert(address, weight: 1, for: key) }

    mutating func expansion(for key: AddressKey) -> Expansion? { expansions.value(for: key) }
    mutating func insert(_ expansion: Expansion, for key: AddressKey) { expansions.insert(expansion, weight: expansion.weight, for: key) }

    mutating func groups(of key: AddressKey) -> Set<AddressKey>? { memberships.value(for: key) }
    mutating func insert(_ groups: Set<AddressKey>, of key: AddressKey) { memberships.insert(groups, weight: 1 + groups.count, for: key) }

    mutating func removeAll() {
        answers.removeAll()
        leads.removeAll()
        expansions.removeAll()
        memberships.removeAll()
    }

    mutating func removeExpansions() { expansions.removeAll() }

    /// The answers kept.
    var count: Int { answers.count }
}

extension Expansion {
    fileprivate var weight: Int { 1 + mailboxes.count + outside.count + problems.count + trace.count }
}
