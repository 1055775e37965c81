import MailVocabulary

/// The replies of routing to strangers: short, and without any name of ours (rule 6).
enum Refusal {
    /// Rule 2.
    static let relayingDenied = Reply(550, "5.7.1", "Relaying denied")
    /// Rule 1.
    static let recipientUnknown = Reply(550, "5.1.1", "Recipient unknown")
    /// Rule 6.
    static let noRoute = Reply(550, "5.4.4", "No route to the recipient's domain")
    /// Rule 1: an alias or group that leads to nobody (RFC 3463 §3.3).
    static let expansionProblem = Reply(550, "5.2.4", "Mailing list expansion problem")
}
