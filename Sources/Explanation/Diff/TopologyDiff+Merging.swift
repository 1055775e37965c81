extension TopologyDiff.Change {
    /// What reads the same but for the recipient's domain, or for the server, is one change: a connector has its ten address spaces in one
    /// line of the list, and not in ten.
    static func merged(_ changes: [Self]) -> [Self] {
        let byRecipients = merged(changes, by: { $0.servers + [""] + $0.meaning }, into: { $0.recipients += $1.recipients })
        return merged(byRecipients, by: { $0.recipients + [""] + $0.meaning }, into: { $0.servers += $1.servers })
    }

    /// All but server and recipient.
    private var meaning: [String] {
        func general(_ outcome: String) -> String { outcome.replacing(domain, with: "*") }
        return [nature, general(before.outcome), general(after.outcome), before.rule, after.rule] + senders
    }

    /// In the order in which the first of each comes.
    private static func merged(_ changes: [Self], by key: (Self) -> [String], into merge: (inout Self, Self) -> Void) -> [Self] {
        var (result, positions): ([Self], [[String]: Int]) = ([], [:])
        for change in changes {
            let key = key(change)
            if let position = positions[key] {
                merge(&result[position], change)
            } else {
                positions[key] = result.count
                result.append(change)
            }
        }
        return result
    }
}
