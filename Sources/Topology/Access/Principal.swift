import MailVocabulary

/// A user or a group, as permissions and restrictions name them.
public struct Principal: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// An account by its address; a bare name is completed by `default_domain`.
        case user(EmailAddress)
        /// A group of the directory, with nested groups: `group:students`, completed likewise.
        case group(EmailAddress)
    }

    public let kind: Kind
    public let location: SourceLocation

    public init(_ kind: Kind, location: SourceLocation = .builtIn) { (self.kind, self.location) = (kind, location) }
}

extension Principal: CustomStringConvertible {
    /// As the configuration writes it, in full.
    public var description: String {
        switch kind {
        case .user(let address): address.description
        case .group(let address): "group:\(address)"
        }
    }
}
