/// A dictionary of bounded size that forgets what was used longest ago. Every operation is O(1).
public struct BoundedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var key: Key
        var value: Value
        var newer: Int?
        var older: Int?
    }

    public let capacity: Int
    private var places: [Key: Int] = [:]
    private var nodes: [Node] = []
    private var free: [Int] = []
    private var newest: Int?
    private var oldest: Int?

    /// - Parameter capacity: at least 1.
    public init(capacity: Int) {
        precondition(capacity > 0, "a table has room for one entry")
        self.capacity = capacity
    }

    public var count: Int { places.count }

    /// Reading does not count as use: who is only asked about does not push out others.
    public func value(_ key: Key) -> Value? { places[key].map { nodes[$0].value } }

    /// What was set longest ago; nil where the table is empty.
    public var oldestEntry: (key: Key, value: Value)? { oldest.map { (nodes[$0].key, nodes[$0].value) } }

    public mutating func set(_ value: Value, for key: Key) {
        if let place = places[key] {
            nodes[place].value = value
            unlink(place)
            linkNewest(place)
            return
        }
        if places.count == capacity, let oldest { remove(nodes[oldest].key) }
        let node = Node(key: key, value: value)
        let place: Int
        if let reused = free.popLast() {
            place = reused
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        places[key] = place
        linkNewest(place)
    }

    public mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        unlink(place)
        free.append(place)
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if let newer { nodes[newer].older = older } else { newest = older }
        if let older { nodes[older].newer = newer } else { oldest = newer }
    }

    private mutating func linkNewest(_ place: Int) {
        nodes[place].newer = nil
        nodes[place].older = newest
        if let newest { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }
}
