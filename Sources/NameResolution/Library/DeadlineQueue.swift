import NIOCore

/// The deadlines of lookups, earliest first: a binary heap, O(log n) to add and to take.
///
/// Entries of lookups that were answered in time stay until they are due; ``removeAll(where:)`` drops them in one sweep.
struct DeadlineQueue<Element> {
    private var heap: [(deadline: NIODeadline, element: Element)] = []

    var count: Int { heap.count }
    var earliest: NIODeadline? { heap.first?.deadline }

    mutating func insert(_ element: Element, at deadline: NIODeadline) {
        heap.append((deadline, element))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest element if its deadline is not after `now`.
    mutating func popExpired(at now: NIODeadline) -> Element? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown(from: 0)
        }
        return first.element
    }

    /// O(n).
    mutating func removeAll(where isStale: (Element) -> Bool) {
        heap.removeAll { isStale($0.element) }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].deadline < heap[smallest].deadline {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
