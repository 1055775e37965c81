import MailVocabulary
import Routing
import Topology

extension JSONObject {
    /// One step of a trace: `rule, file, line, outcome`.
    init(step: DecisionStep) { self.init(entry: TraceEntry(step)) }

    /// The same of one that was recorded.
    init(entry: TraceEntry) {
        self.init()
        add("rule", entry.rule)
        add(file: entry.file, line: entry.line)
        add("outcome", entry.outcome)
    }

    /// `file` and `line`, null where nothing in the configuration is the reason.
    mutating func add(place: SourceLocation?) { add(file: place?.file, line: place?.line) }

    private mutating func add(file: String?, line: Int?) {
        add("file", file)
        if let line { add("line", line) } else { add("line", String?.none) }
    }

    mutating func add(_ server: String, _ client: IPAddress, _ name: DomainName?, _ account: EmailAddress?) {
        add("virtual_server", server)
        add("client", "\(client)")
        add("client_name", name?.text)
        add("account", account.map { "\($0)" })
    }
}
