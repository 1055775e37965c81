import MailVocabulary
import Routing
import Topology

extension JSONObject {
    /// One step of a trace: `rule, file, line, outcome`.
    init(step: DecisionStep) {
        self.init()
        add("rule", step.rule)
        add(place: step.location)
        var outcome = step.text
        if case .refused(let refusal) = step.outcome { outcome += " → \(refusal)" }
        if step.outcome == .permitted { outcome += " → permitted" }
        add("outcome", outcome)
    }

    /// The same of one that was recorded.
    init(entry: TraceEntry) {
        self.init()
        add("rule", entry.rule)
        add("file", entry.file)
        if let line = entry.line { add("line", line) } else { add("line", String?.none) }
        add("outcome", entry.outcome)
    }

    /// `file` and `line`, null where nothing in the configuration is the reason.
    mutating func add(place: SourceLocation?) {
        add("file", place?.file)
        if let place { add("line", place.line) } else { add("line", String?.none) }
    }

    mutating func add(_ server: String, _ client: IPAddress, _ name: DomainName?, _ account: EmailAddress?) {
        add("virtual_server", server)
        add("client", "\(client)")
        add("client_name", name?.text)
        add("account", account.map { "\($0)" })
    }
}
