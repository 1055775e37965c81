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
    /// Where they are written: at the other connector, where they are another's.
    public let location: SourceLocation
    /// The connector that they are written at; nil: this one.
    public let sameAs: SameAs?

    public init(
        maximumSize: ByteCount? = nil, priorities: Set<Priority> = Set(Priority.allCases),
        types: Set<MessageType> = Set(MessageType.allCases), location: SourceLocation = .builtIn, sameAs: SameAs? = nil
    ) {
        (self.maximumSize, self.priorities, self.types) = (maximumSize, priorities, types)
        (self.location, self.sameAs) = (location, sameAs)
    }

    public static let none = ContentRestrictions()
}
