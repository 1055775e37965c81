import MailVocabulary
import NIOCore

/// Mailbox connectors whose server is known to lack SMTPUTF8 (RFC 6531): what it could never be given is refused while its sender is there,
/// and not reported later. Known from the server's own announcement, and forgotten after a while: servers are upgraded. A value without a clock.
struct UTF8Mailboxes {
    /// How long it is believed.
    static let memory = TimeAmount.hours(1)
    static let refusal = Reply(550, "5.6.7", "The mailbox server takes no UTF-8 in addresses or header: send the message without SMTPUTF8")

    /// By the connector's name: no more than the configuration has.
    private var lacking: [String: NIODeadline] = [:]

    /// A server refused a message, or does not offer what it needs.
    mutating func note(_ reply: Reply, from connector: String, now: NIODeadline) {
        if reply.isPermanentFailure, reply.status == EnhancedStatusCode(5, 6, 7) { lacking[connector] = now + Self.memory }
    }

    func lacks(_ connector: String, now: NIODeadline) -> Bool { lacking[connector].map { now < $0 } ?? false }

    /// Forgets what the configuration does not have any more.
    mutating func keep(_ connectors: Set<String>) { lacking = lacking.filter { connectors.contains($0.key) } }
}
