import MailVocabulary

/// One MX record (RFC 5321 §5.1).
public struct MailExchanger: Hashable, Sendable {
    /// Lower is preferred.
    public let preference: UInt16
    public let host: DomainName

    public init(preference: UInt16, host: DomainName) {
        (self.preference, self.host) = (preference, host)
    }
}
