import Routing

/// Whether a client may relay: rules 0 and 2, whatever connectors say then.
extension RouteExplanation {
    public var mayRelay: Bool {
        traces.flatMap(\.steps).contains { ["2", "2a", "2b", "2c"].contains($0.rule) && $0.outcome == .permitted }
    }

    /// In a sentence.
    public var relayVerdict: String {
        let who = "\(envelope.client)" + (envelope.account.map { ", as \($0)," } ?? "")
        let way = "at `\(envelope.via)` to \(envelope.recipient.domain)"
        if mayRelay { return "\(who) may relay \(way)" }
        guard let refusal else { return "\(who) may send \(way): that is a domain of ours, and no relay" }
        return "\(who) may not relay \(way): \(refusal)"
    }

    /// For a terminal: the verdict, then the steps.
    public func relayText(columns: Int = 80) -> String {
        ([relayVerdict, ""] + traces.map { $0.text(columns: columns) }).joined(separator: "\n")
    }
}
