import MailVocabulary
import Routing
import Topology

/// What the decisions about a class of mail depend on, without the lines that say so: where it is the same on both sides, nothing is to be compared.
/// So a small change of a large configuration costs no more than itself.
extension ClassDecisions {
    struct Meaning: Equatable {
        fileprivate let everywhere: [String]
        fileprivate let server: String?
        fileprivate let candidates: [[String]]
    }

    func meaning(at server: String, of recipient: RecipientClasses.Recipient) -> Meaning {
        Meaning(
            everywhere: everywhere, server: topology.virtualServer(named: server).map(Self.text),
            candidates: recipient.routed.map { domain in
                table.candidates(covering: domain).map { "\($0.cost) \(carriers[$0.connector] ?? "")" }
            })
    }

    /// What every decision may ask: who is ours, and who may be written to.
    static func everywhere(_ topology: Topology) -> [String] {
        topology.domains.values.sorted { $0.name < $1.name }.map { "\($0.name) \(TopologyDiff.text(of: $0.kind))" }
            + topology.permissions.receive.map { entry in
                let senders =
                    switch entry.senders {
                    case .everyone: "everyone"
                    case .authenticated: "authenticated"
                    case .listed(let list): text(list)
                    }
                return "\(text(entry.recipients)) from \(senders)"
            } + ["\(topology.defaultDomain)", topology.postmaster.map { "\($0.address)" } ?? ""]
    }

    static func carriers(_ topology: Topology) -> [String: String] {
        Dictionary(topology.connectors.map { ($0.name, text($0)) }) { first, _ in first }
    }

    private static func text(_ connector: Connector) -> String {
        let (restrictions, content) = (connector.restrictions, connector.content)
        let delivery =
            switch connector.deliver {
            case .dns: "dns"
            case .smartHosts(_, let directFirst): "smart hosts \(directFirst)"
            case .maildir: "maildir"
            case .lmtp: "lmtp"
            case .held: "held"
            }
        return [
            connector.name, "\(connector.relay)", delivery, restrictions.byDefault.rawValue, text(restrictions.acceptFrom),
            text(restrictions.rejectFrom), content.maximumSize.map { "\($0.bytes)" } ?? "",
            content.priorities.map(\.rawValue).sorted().joined(separator: ","),
            content.types.map(\.rawValue).sorted().joined(separator: ","),
        ].joined(separator: " / ")
    }

    private static func text(_ server: VirtualServer) -> String {
        guard let submission = server.submission else { return "edge" }
        let accounts =
            switch submission.relay.accounts {
            case .none: "none"
            case .all: "all"
            case .listed(let grant, let deny): "\(text(grant)) without \(text(deny))"
            }
        let computers = submission.relay.computers
        let isExcept = if case .allExcept = computers { true } else { false }
        return "\(submission.authentication.anonymous) / \(accounts) / \(isExcept) \(computers.entries.map(\.description))"
    }

    private static func text(_ principals: [Principal]) -> String { principals.map(\.description).joined(separator: ",") }
}
