/// The answers to recent look-ups, also that an address is unknown.
///
/// Two generations: what is used moves into the young one; when that is full, it becomes the old one, and the old one goes. So what is
/// in use stays, at the cost of a dictionary, and a stranger who tries a million names cannot make it grow.
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

    private var young: [AddressKey: Answer] = [:]
    private var old: [AddressKey: Answer] = [:]
    private var youngWeight = 0
    private let generationWeight: Int

    /// - Parameter capacity: how many addresses, with the members of groups counted, are kept at most.
    init(capacity: Int) { generationWeight = max(1, capacity / 2) }

    mutating func answer(for key: AddressKey) -> Answer? {
        if let answer = young[key] { return answer }
        guard let answer = old[key] else { return nil }
        insert(answer, for: key)
        return answer
    }

    /// An answer that alone is beyond a generation is not kept.
    mutating func insert(_ answer: Answer, for key: AddressKey) {
        let weight = answer.weight
        guard weight <= generationWeight else { return }
        if youngWeight + weight > generationWeight {
            old = young
            young = [:]
            youngWeight = 0
        }
        if young.updateValue(answer, forKey: key) == nil { youngWeight += weight }
    }

    mutating func removeAll() {
        guard youngWeight > 0 || !old.isEmpty else { return }
        (young, old, youngWeight) = ([:], [:], 0)
    }

    var count: Int { young.count + old.count }
}
