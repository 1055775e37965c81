import MailVocabulary
import Routing
import Topology

/// What one configuration does with a class of mail.
struct ClassOutcome {
    struct Way: Hashable {
        /// Empty: the host of a domain's unknown recipients.
        let connector: String
        let nextHop: NextHop
    }

    /// Of a message that begins with a certain one of equal connectors.
    struct Turn {
        /// The connectors that would carry it, in their order; none where it is refused.
        let ways: [Way]
        let refusal: Refusal?
        /// One for each way, or of the refusal.
        let traces: [DecisionTrace]
    }

    let turns: [Turn]

    /// Whether somebody is let through.
    var isAccepted: Bool { turns.contains { $0.refusal == nil } }

    /// What mail notices of the difference; nil where it notices nothing.
    ///
    /// - Parameters: either is nil where there is no such session; both have the same number of turns.
    static func difference(_ old: ClassOutcome?, _ new: ClassOutcome?) -> (before: TopologyDiff.Side, after: TopologyDiff.Side)? {
        guard let old, let new else {
            if old == nil, new == nil { return nil }
            let none = TopologyDiff.Side(outcome: "nobody can log in there", rule: "")
            return (old.map { $0.side() } ?? none, new.map { $0.side() } ?? none)
        }
        guard zip(old.turns, new.turns).contains(where: { !isSame($0, $1) }) else { return nil }
        let deepest = (old.turns + new.turns).map(\.ways.count).max() ?? 0
        for depth in 1...max(1, deepest) {
            let (one, two) = (old.text(depth), new.text(depth))
            if one == two { continue }
            let rules = deciding(old, new, depth)
            return (TopologyDiff.Side(outcome: one, rule: rules.0), TopologyDiff.Side(outcome: two, rule: rules.1))
        }
        // Equals in another order: as many messages go each way.
        return nil
    }

    /// The words for this one alone, and the rule that permits or refuses it.
    func side() -> TopologyDiff.Side {
        let steps = turns.first?.traces.first?.steps ?? []
        let relay = steps.first { $0.location != nil && $0.outcome == .permitted && $0.rule.hasPrefix("2") }
        return TopologyDiff.Side(outcome: text(1), rule: (relay ?? steps.last { $0.location != nil } ?? steps.last).map(Self.rule) ?? "")
    }

    /// Codes name rules, and the same refusal by another rule is no change for mail.
    private static func isSame(_ one: Turn, _ two: Turn) -> Bool {
        guard one.ways == two.ways else { return false }
        guard let refusal = one.refusal, let other = two.refusal else { return one.refusal == nil && two.refusal == nil }
        return refusal == other || refusal.replyWithoutCode == other.replyWithoutCode
    }

    // MARK: Words

    /// - Parameter depth: so many ways are told; the next one is for when those before it are down.
    private func text(_ depth: Int) -> String {
        var (counts, order): ([String: Int], [String]) = ([:], [])
        for turn in turns {
            let text = Self.text(turn, depth)
            if counts[text] == nil { order.append(text) }
            counts[text, default: 0] += 1
        }
        if order.count == 1 { return order[0] }
        return order.sorted().map { "\(counts[$0] ?? 0) of \(turns.count) messages \($0)" }.joined(separator: "; ")
    }

    private static func text(_ turn: Turn, _ depth: Int) -> String {
        if let refusal = turn.refusal { return "refused: \(refusal.replyWithoutCode)" }
        let words = turn.ways.prefix(depth).map { way in
            (way.connector.isEmpty ? "" : "connector \(way.connector), ") + "next hop \(way.nextHop)"
        }
        let waits = depth > turn.ways.count ? "; while that is down, it waits" : ""
        return "accepted: " + words.joined(separator: "; while that is down, ") + waits
    }

    // MARK: The rule that decided

    /// The first step at which the two courses part, on either side: what comes behind it only follows.
    private static func deciding(_ old: ClassOutcome, _ new: ClassOutcome, _ depth: Int) -> (String, String) {
        let pairs = zip(old.turns, new.turns)
        guard let (one, two) = pairs.first(where: { text($0, depth) != text($1, depth) }) else { return ("", "") }
        func trace(_ turn: Turn) -> [DecisionStep] { turn.traces.isEmpty ? [] : turn.traces[min(depth, turn.traces.count) - 1].steps }
        return deciding(trace(one), trace(two))
    }

    /// - Returns: `rule 2b  postern.yaml:14:30` for each side.
    static func deciding(_ one: [DecisionStep], _ two: [DecisionStep]) -> (String, String) {
        let parting = zip(one, two).prefix { $0.finding == $1.finding }.count
        func rule(_ steps: [DecisionStep]) -> String {
            let step = steps[parting...].first { $0.location != nil } ?? steps.last { $0.location != nil } ?? steps.last
            return step.map(Self.rule) ?? ""
        }
        return (rule(one), rule(two))
    }

    private static func rule(_ step: DecisionStep) -> String {
        "rule \(step.rule)" + (step.location.map { "  \($0)" } ?? "")
    }
}

extension Refusal {
    /// Codes name rules, and the same refusal by another rule is no change for mail.
    var replyWithoutCode: String { "\(reply)".replacing(" [\(code)]", with: "") }
}
