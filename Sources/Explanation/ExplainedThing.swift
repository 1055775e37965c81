import MailVocabulary
import Routing

/// What a word given to `postern explain` is.
public enum ExplainedThing: Hashable, Sendable {
    /// The code of a refusal, with or without brackets.
    case refusal(RefusalCode)
    case message(QueueID)
    case domain(DomainName)
    /// An address, or a bare name.
    case recipient

    /// A word that could be two of these is the first of them: codes and queue ids have forms of their own, which hardly a name has.
    public init(_ text: String) {
        if let code = RefusalCode(parsing: text) {
            self = .refusal(code)
        } else if let id = QueueID(parsing: text) {
            self = .message(id)
        } else if !text.contains("@"), text.contains("."), let domain = DomainName(inAddress: text) {
            self = .domain(domain)
        } else {
            self = .recipient
        }
    }
}
