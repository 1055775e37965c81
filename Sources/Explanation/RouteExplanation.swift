import MailVocabulary
import Routing
import TopologyFile

/// What becomes of an envelope, and each step that led there.
public struct RouteExplanation: Hashable, Sendable {
    public let envelope: WrittenEnvelope
    public let outcome: Decision.Outcome
    /// That of the sender, where somebody is logged in, and that of the recipient.
    public let traces: [DecisionTrace]
    /// What may become of it otherwise than `verdict` says, in sentences.
    public let notes: [String]

    init(envelope: WrittenEnvelope, outcome: Decision.Outcome, traces: [DecisionTrace], notes: [String] = []) {
        (self.envelope, self.outcome, self.traces, self.notes) = (envelope, outcome, traces, notes)
    }

    public var refusal: Refusal? {
        if case .refuse(let refusal) = outcome { refusal } else { nil }
    }

    public var routes: RoutedRecipients {
        if case .deliver(let routes) = outcome { routes } else { [] }
    }

    /// Connectors whose address space covers the recipient best, in the order they are tried.
    public var candidates: [String] {
        var names: [String] = []
        for step in traces.flatMap(\.steps) {
            guard case .covered(_, _, let connectors) = step.finding else { continue }
            for name in connectors where !names.contains(name) { names.append(name) }
        }
        return names
    }
}

extension RouteExplanation {
    /// The decision in a line: `accepted: connector general, next hop dns:far.example`, `refused: 550 5.7.1 …`.
    public var verdict: String {
        switch outcome {
        case .refuse(let refusal): return "refused: \(refusal)"
        case .deliver(let routes):
            let ways = routes.map(Self.way)
            if ways.count == 1 { return "accepted: \(ways[0])" }
            return "accepted: for \(ways.count) addresses"
        }
    }

    /// For a terminal: the envelope, the decision, the ways it takes, then the steps.
    ///
    /// - Parameter columns: the width of the terminal.
    public func text(columns: Int = 80) -> String {
        var lines = [verdict]
        if routes.count > 1 {
            lines += routes.prefix(Self.mostRoutes).map { "    \($0.address): \(Self.way($0))" }
            if routes.count > Self.mostRoutes { lines.append("    … and \(routes.count - Self.mostRoutes) more") }
        } else if let route = routes.first, route.address != envelope.recipient {
            lines.append("    for \(route.address)")
        }
        lines += notes.flatMap { Self.wrapped($0, columns: columns) }
        return (lines + [""] + traces.map { $0.text(columns: columns) }).joined(separator: "\n")
    }

    private static let mostRoutes = 20

    private static func wrapped(_ note: String, columns: Int) -> [String] {
        note.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append("    " + word)
            }
        }
    }

    private static func way(_ route: RoutedRecipient) -> String {
        let connector = route.connector.isEmpty ? "the host for unknown recipients" : "connector \(route.connector)"
        guard case .held = route.nextHop else { return "\(connector), next hop \(route.nextHop)" }
        return "\(connector), next hop \(route.nextHop), where it waits: nothing can ask for held mail in this version"
    }
}

extension RouteExplanation: Encodable {
    private enum CodingKeys: String, CodingKey {
        case decision, reply, connector, candidates
        case nextHop = "next_hop"
        case routes, trace
    }

    private struct Route: Encodable {
        let route: RoutedRecipient

        enum CodingKeys: String, CodingKey {
            case to, connector
            case nextHop = "next_hop"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("\(route.address)", forKey: .to)
            try container.encode(RouteExplanation.connector(of: route), forKey: .connector)
            try container.encode("\(route.nextHop)", forKey: .nextHop)
        }
    }

    /// nil for the host of a domain's unknown recipients (E06), which is none.
    private static func connector(of route: RoutedRecipient) -> String? { route.connector.isEmpty ? nil : route.connector }

    /// A step, whose place is null where nothing in the configuration is the reason.
    private struct Step: Encodable {
        let entry: TraceEntry

        enum CodingKeys: String, CodingKey {
            case rule, file, line, outcome
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(entry.rule, forKey: .rule)
            try container.encode(entry.file, forKey: .file)
            try container.encode(entry.line, forKey: .line)
            try container.encode(entry.outcome, forKey: .outcome)
        }
    }

    /// `{"decision", "reply", "connector", "candidates", "next_hop", "routes", "trace"}`: what there is none of is null. Connector and next
    /// hop are those of the first of the routes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(refusal == nil ? "accept" : "refuse", forKey: .decision)
        try container.encode(refusal.map { "\($0)" }, forKey: .reply)
        try container.encode(routes.first.flatMap(Self.connector), forKey: .connector)
        try container.encode(candidates, forKey: .candidates)
        try container.encode(routes.first.map { "\($0.nextHop)" }, forKey: .nextHop)
        try container.encode(routes.map(Route.init), forKey: .routes)
        try container.encode(traces.flatMap(\.entries).map(Step.init), forKey: .trace)
    }
}

extension RouteExplanation {
    /// Whether mail notices: another outcome, another way or another reply. The code of the rule alone is no difference.
    public func isDifferentForMail(from other: RouteExplanation) -> Bool {
        guard let refusal, let theirs = other.refusal else {
            guard refusal == nil, other.refusal == nil, routes.count == other.routes.count else { return true }
            // What a schedule says changes nothing yet.
            return zip(routes, other.routes).contains { ($0.address, $0.connector, $0.nextHop) != ($1.address, $1.connector, $1.nextHop) }
        }
        return refusal.replyWithoutCode != theirs.replyWithoutCode
    }
}
