import MailVocabulary

/// Which messages a connector carries (E15).
public struct ContentRestrictions: Hashable, Sendable {
    public enum Priority: String, Hashable, Sendable, CaseIterable {
        case high, normal, low
    }

    /// Reports are system messages.
    public enum MessageType: String, Hashable, Sendable, CaseIterable {
        case system
        case nonSystem = "non_system"
    }

    /// nil: any size.
    public let maximumSize: ByteCount?
    public let priorities: Set<Priority>
    public let types: Set<MessageType>
    public let location: SourceLocation

    public init(
        maximumSize: ByteCount? = nil, priorities: Set<Priority> = Set(Priority.allCases),
        types: Set<MessageType> = Set(MessageType.allCases), location: SourceLocation = .builtIn
    ) {
        (self.maximumSize, self.priorities, self.types, self.location) = (maximumSize, priorities, types, location)
    }

    public static let none = ContentRestrictions()
}
