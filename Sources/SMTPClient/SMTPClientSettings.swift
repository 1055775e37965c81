import MailVocabulary
import SMTPProtocol

/// Everything one connection needs to know besides where it goes.
public struct SMTPClientSettings: Hashable, Sendable {
    public let session: ClientSettings
    public let timeouts: SMTPClientTimeouts

    public init(
        ourName: MailDomain, dialect: ClientSettings.Dialect = .smtp, useHELO: Bool = false,
        timeouts: SMTPClientTimeouts = SMTPClientTimeouts()
    ) {
        session = ClientSettings(ourName: ourName, dialect: dialect, useHELO: useHELO)
        self.timeouts = timeouts
    }
}
