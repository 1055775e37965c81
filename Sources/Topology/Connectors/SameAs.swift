/// Another connector whose `restrictions` or `content` a connector has (`same_as`).
///
/// It is one step: the other connector writes them itself.
public struct SameAs: Hashable, Sendable {
    /// The name of the other connector.
    public let connector: String
    /// Of the name, at the connector that refers to it.
    public let location: SourceLocation

    public init(_ connector: String, location: SourceLocation = .builtIn) { (self.connector, self.location) = (connector, location) }
}
