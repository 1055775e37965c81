import MailVocabulary

/// What is stored of a message is not what was stored: it is held, and never delivered.
public struct MessageDamage: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found, in words.
    public let reason: String

    public init(_ reason: String) { self.reason = reason }

    private static let beginning = "the message is damaged: "

    /// As the recipients' last error in the queue.
    public var description: String { Self.beginning + reason }

    /// Whether a recipient is held because of damage. What next hops say begins with a code or with the name of a host.
    public static func isReason(_ lastError: String?) -> Bool { lastError?.hasPrefix(beginning) == true }
}

/// A message of which not even the envelope can be read.
public struct UnreadableMessage: Hashable, Sendable {
    public let id: QueueID
    public let damage: MessageDamage
}
