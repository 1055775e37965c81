import MailVocabulary

/// How a client session introduces itself, and what it insists on.
public struct ClientSettings: Hashable, Sendable {
    public enum Dialect: Hashable, Sendable {
        case smtp
        /// RFC 2033: `LHLO`, and one reply per recipient after the content.
        case lmtp
    }

    /// How much TLS a connection must have (RFC 3207).
    public enum TransportSecurity: Hashable, Sendable {
        /// STARTTLS is never said.
        case none
        /// Where it is offered, and in clear where it is not.
        case opportunistic
        /// Not without it.
        case required
        /// Not without it, and the host checks chain and name of the certificate in the handshake.
        case verified

        var isMandatory: Bool { self == .required || self == .verified }
    }

    /// Whether the client logs in before the first transaction (RFC 4954).
    public enum Authentication: Hashable, Sendable {
        case none
        /// Not without it.
        /// - Parameter allowedInClear: also where nothing protects the connection.
        case required(allowedInClear: Bool)
    }

    /// What `EHLO` says: a domain name, or an address literal where there is none (RFC 5321 §4.1.4).
    public let ourName: MailDomain
    public let dialect: Dialect
    /// `HELO` at once, for servers that an `EHLO` upsets (E16): no extension is used then.
    public let useHELO: Bool
    public let transportSecurity: TransportSecurity
    public let authentication: Authentication
    /// Extensions that are not used though the server announces them: it refused them before.
    public let avoiding: Set<RemoteExtension>

    public init(
        ourName: MailDomain, dialect: Dialect = .smtp, useHELO: Bool = false, transportSecurity: TransportSecurity = .none,
        authentication: Authentication = .none, avoiding: Set<RemoteExtension> = []
    ) {
        (self.ourName, self.dialect, self.useHELO, self.avoiding) = (ourName, dialect, useHELO, avoiding)
        (self.transportSecurity, self.authentication) = (transportSecurity, authentication)
    }
}
