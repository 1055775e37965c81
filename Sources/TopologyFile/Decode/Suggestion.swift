extension TopologyFile {
    /// The candidate that somebody probably meant who wrote a word, if it is near enough to be a slip.
    public static func nearest(to word: String, among candidates: [String]) -> String? { Suggestion.nearest(to: word, among: candidates) }
}

/// What someone probably meant.
enum Suggestion {
    /// The candidate nearest to a word, if it is near enough to be a slip.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let plain = normalised(word)
        let allowed = max(1, min(3, plain.count / 3))
        let ranked = candidates.map { (distance: distance(plain, normalised($0)), candidate: $0) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= allowed else { return nil }
        return best.candidate
    }

    private static func normalised(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(previous[column] + (byte == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other { cost = min(cost, before[column - 1] + 1) }
                current.append(cost)
            }
            (before, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
