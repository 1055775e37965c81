import MailVocabulary
import SMTPProtocol

/// Everything one connection needs to know besides where it goes.
public struct SMTPClientSettings: Sendable {
    public let session: ClientSettings
    public let timeouts: SMTPClientTimeouts
    let tls: OutgoingTLS?
    let login: (any ClientLogin)?

    /// - Parameters:
    ///   - tls: nil: STARTTLS is never said.
    ///   - login: nil: nobody logs in.
    public init(
        ourName: MailDomain, dialect: ClientSettings.Dialect = .smtp, useHELO: Bool = false, tls: OutgoingTLS? = nil,
        login: (any ClientLogin)? = nil, timeouts: SMTPClientTimeouts = SMTPClientTimeouts(), avoiding: Set<RemoteExtension> = []
    ) {
        session = ClientSettings(
            ourName: ourName, dialect: dialect, useHELO: useHELO, transportSecurity: tls?.mode ?? .none,
            authentication: login.map { .required(allowedInClear: $0.isAllowedInClear) } ?? .none, avoiding: avoiding)
        (self.tls, self.login, self.timeouts) = (tls, login, timeouts)
    }

    /// For another connection to the same host where TLS failed.
    ///
    /// - Returns: nil where nothing may go in clear, or nothing could: a login that must be protected.
    public var inClear: SMTPClientSettings? {
        guard let tls, !tls.isMandatory, login?.isAllowedInClear ?? true else { return nil }
        return SMTPClientSettings(
            ourName: session.ourName, dialect: session.dialect, useHELO: session.useHELO, tls: nil, login: login, timeouts: timeouts,
            avoiding: session.avoiding)
    }

    /// The same, for a host that announces extensions and refuses them.
    public func avoiding(_ extensions: Set<RemoteExtension>) -> SMTPClientSettings {
        if session.avoiding.isSuperset(of: extensions) { return self }
        return SMTPClientSettings(
            ourName: session.ourName, dialect: session.dialect, useHELO: session.useHELO, tls: tls, login: login, timeouts: timeouts,
            avoiding: session.avoiding.union(extensions))
    }
}
