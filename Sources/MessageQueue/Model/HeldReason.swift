import MailVocabulary

/// Why a recipient is held: the configuration that runs would refuse it. Nobody tries it; an administrator releases or deletes it, a reload
/// that permits it releases it, and at its expiration (E09) its sender is told.
public struct HeldReason: Hashable, Sendable {
    /// When it was refused first.
    public let since: Timestamp
    /// The refusal, with its code. At most `maximumScalars` long.
    public let reason: String

    static let maximumScalars = 1000

    public init(since: Timestamp, reason: String) {
        (self.since, self.reason) = (since, String(reason.unicodeScalars.prefix(Self.maximumScalars)))
    }
}
