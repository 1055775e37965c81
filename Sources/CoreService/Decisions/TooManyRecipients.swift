import MailVocabulary

/// One recipient more would lead to more final addresses than a message may have.
struct TooManyRecipients: Error {
    /// What aliases and groups may make of the recipients of one message. Those that are named twice count twice: it bounds the work.
    static let mostFinalRecipients = 100_000

    /// The client sends the message again for those who had no room (RFC 5321 §4.5.3.1.10).
    static let reply = Reply(452, "4.5.3", "Too many recipients")
}
