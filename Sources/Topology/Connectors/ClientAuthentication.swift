/// How a connector logs in at its smart hosts (E16).
public struct ClientAuthentication: Hashable, Sendable {
    public let user: String
    /// Holds the password in its first line; absolute.
    public let passwordFile: String
    public let location: SourceLocation

    public init(user: String, passwordFile: String, location: SourceLocation = .builtIn) {
        (self.user, self.passwordFile, self.location) = (user, passwordFile, location)
    }
}
