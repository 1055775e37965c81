import MailVocabulary

/// What a session knows of the transaction that runs (RFC 5321 §3.3).
struct ServerTransaction: Sendable {
    let sender: EnvelopeSender
    /// `RCPT` commands that were passed on.
    var asked = 0
    /// Of these, the ones with a positive answer.
    var accepted = 0
    /// Of these, the ones that may be tried again (4yz).
    var deferred = 0
    var contentBegan = false
    /// The content was refused, and whoever holds the transaction was told to drop it.
    var isRefused = false
    /// The holder gave the transaction up before the end of its content: the reply for that end.
    var earlyAnswer: Reply?

    /// Whether somebody still waits for content of it.
    var isAlive: Bool { !isRefused && earlyAnswer == nil }
}
