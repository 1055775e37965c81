import MailVocabulary

/// How a client session introduces itself.
public struct ClientSettings: Hashable, Sendable {
    public enum Dialect: Hashable, Sendable {
        case smtp
        /// RFC 2033: `LHLO`, and one reply per recipient after the content.
        case lmtp
    }

    /// What `EHLO` says: a domain name, or an address literal where there is none (RFC 5321 §4.1.4).
    public let ourName: MailDomain
    public let dialect: Dialect
    /// `HELO` at once, for servers that an `EHLO` upsets (E16): no extension is used then.
    public let useHELO: Bool

    public init(ourName: MailDomain, dialect: Dialect = .smtp, useHELO: Bool = false) {
        (self.ourName, self.dialect, self.useHELO) = (ourName, dialect, useHELO)
    }
}
