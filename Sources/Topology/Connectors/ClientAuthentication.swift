/// How a connector logs in at its smart hosts (E16).
public struct ClientAuthentication: Hashable, Sendable {
    public enum Credential: Hashable, Sendable {
        /// - Parameter file: holds the password in its first line; absolute.
        case password(user: String, file: String)
        /// A Kerberos ticket (GSSAPI).
        /// - Parameter cache: the file that holds it; absolute.
        case ticket(cache: String)
    }

    public let credential: Credential
    /// Also over a connection without TLS.
    public let isAllowedInClear: Bool
    public let location: SourceLocation

    public init(_ credential: Credential, isAllowedInClear: Bool = false, location: SourceLocation = .builtIn) {
        (self.credential, self.isAllowedInClear, self.location) = (credential, isAllowedInClear, location)
    }

    /// The file with the password; nil for a ticket.
    public var passwordFile: String? {
        if case .password(_, let file) = credential { file } else { nil }
    }
}
