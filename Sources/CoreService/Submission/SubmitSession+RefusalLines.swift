import Logging
import MailVocabulary
import Routing

extension SubmitSession.Transaction {
    /// Recipients that a line of the log names.
    private static let mostNamed = 10

    /// What each line of the log about a refusal says (law 4): who, what, and by which reply.
    ///
    /// - Parameter recipient: the one that is refused; nil: the message is, for all that were accepted.
    func metadata(of reply: Reply, _ recipient: EmailAddress?) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "queue_id": "\(id)", "virtual_server": "\(facts.virtualServer)", "client": "\(facts.clientAddress)",
            "from": "\(sender.reversePath)", "reply": "\(reply)",
        ]
        if let account = origin.account { metadata["account"] = "\(account)" }
        if let code = RefusalCode(endOf: reply) { metadata["code"] = "\(code)" }
        if let recipient {
            metadata["to"] = "\(recipient)"
        } else if !accepted.isEmpty {
            let named = accepted.prefix(Self.mostNamed).map { "\($0.recipient.address)" }.joined(separator: ", ")
            metadata["to"] = "\(named)\(accepted.count > Self.mostNamed ? " and \(accepted.count - Self.mostNamed) more" : "")"
        }
        return metadata
    }
}
