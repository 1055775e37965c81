import MailVocabulary

/// Recent values by address, within a weight.
///
/// Two generations: what is used moves into the young one; when that is full, it becomes the old one, and the old one goes. So what is
/// in use stays, at the cost of a dictionary, and a stranger who tries a million names cannot make it grow.
public struct GenerationCache<Value> {
    private var young: [AddressKey: (value: Value, weight: Int)] = [:]
    private var old: [AddressKey: (value: Value, weight: Int)] = [:]
    private var youngWeight = 0
    private let generationWeight: Int

    /// - Parameter capacity: the weight of all that is kept, at most.
    public init(capacity: Int) { generationWeight = max(1, capacity / 2) }

    public mutating func value(for key: AddressKey) -> Value? {
        if let kept = young[key] { return kept.value }
        guard let kept = old[key] else { return nil }
        insert(kept.value, weight: kept.weight, for: key)
        return kept.value
    }

    /// A value that alone is beyond a generation is not kept.
    public mutating func insert(_ value: Value, weight: Int, for key: AddressKey) {
        guard weight <= generationWeight else { return }
        if youngWeight + weight > generationWeight {
            old = young
            young = [:]
            youngWeight = 0
        }
        if young.updateValue((value, weight), forKey: key) == nil { youngWeight += weight }
    }

    public mutating func removeAll() {
        guard youngWeight > 0 || !old.isEmpty else { return }
        (young, old, youngWeight) = ([:], [:], 0)
    }

    public var count: Int { young.count + old.count }
}
