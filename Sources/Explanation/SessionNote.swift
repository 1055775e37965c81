import MailVocabulary
import Routing
import Topology
import TopologyFile

/// What the front end of a virtual server says by itself, so that the decision is never asked for.
///
/// No part of the decision: the rules of routing are the same whoever connects. But an administrator who asks about a message wants to know.
public struct SessionNote: Hashable, Sendable {
    public let rule: RefusalRule
    /// `internet lets nobody connect from 203.0.113.9`.
    public let sentence: String

    /// As far as the envelope tells: what it says nothing of refuses nothing.
    public static func notes(on envelope: WrittenEnvelope, in topology: Topology) -> [SessionNote] {
        guard let server = topology.virtualServer(named: envelope.via) else { return [] }
        let client = "\(envelope.client)" + (envelope.clientName.map { " (\($0))" } ?? "")
        var sentences: [(SessionRule, String)] = []
        if !server.connections.access.contains(envelope.client, hostName: envelope.clientName) {
            sentences.append((.access, "`\(server.name)` lets nobody connect from \(client)"))
        }
        if envelope.clientName == nil {
            sentences.append((.hostName, "`\(server.name)` wants a confirmed host name, and \(client) has none"))
        }
        if let size = envelope.size, let most = server.limits.messageSize, size > most.bytes {
            sentences.append((.messageSize, "`\(server.name)` takes messages of at most \(most)"))
        }
        // Most servers have none of these rules.
        return sentences.compactMap { rule, sentence in
            RefusalRule(rule, of: server, in: InstallationMark(of: topology.hostname)).map { SessionNote(rule: $0, sentence: sentence) }
        }
    }
}
