import MailVocabulary

/// One recipient that a report speaks of.
public struct FailedRecipient: Hashable, Sendable {
    /// The address that delivery was tried to.
    public var finalRecipient: EmailAddress
    /// The address that the sender wrote to, where an alias or a group made another of it.
    public var writtenTo: EmailAddress?
    /// `ORCPT=` as received (RFC 3461 §4.2).
    public var originalRecipient: String?
    /// The last word on it: the remote server's, or our own.
    public var reply: Reply
    /// The host that said it, by name or as an address literal; nil where it was our own system.
    public var remoteHost: String?
    /// nil where nothing was tried.
    public var lastAttempt: Timestamp?
    /// Whether delivery was given up for lack of time (E09), not because it was refused.
    public var isExpired: Bool

    public init(
        finalRecipient: EmailAddress, writtenTo: EmailAddress? = nil, originalRecipient: String? = nil, reply: Reply,
        remoteHost: String? = nil, lastAttempt: Timestamp? = nil, isExpired: Bool = false
    ) {
        (self.finalRecipient, self.writtenTo, self.originalRecipient) = (finalRecipient, writtenTo, originalRecipient)
        (self.reply, self.remoteHost, self.lastAttempt, self.isExpired) = (reply, remoteHost, lastAttempt, isExpired)
    }

    /// What the report's `Status` field says (RFC 3464 §2.3.4).
    var status: EnhancedStatusCode {
        if let status = reply.status, status.classDigit != 2 { return status }
        // Delivery time expired (RFC 3463 §3.5).
        if isExpired { return EnhancedStatusCode(4, 4, 7) }
        return EnhancedStatusCode(reply.isTransientFailure ? 4 : 5, 0, 0)
    }
}
