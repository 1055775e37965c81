import MailVocabulary

/// What we log in with at another server.
public enum ClientCredential: Hashable, Sendable {
    /// - Parameter password: UTF-8 without NUL.
    case password(user: String, password: [UInt8])
    /// A ticket from a credentials cache (`FILE:/path`); nil: GSS-API's own default, which can also be a client keytab.
    case kerberos(cache: String?)

    /// The mechanisms that it serves, the best first: a proof before a password in the clear.
    var mechanisms: [SASLMechanism] {
        switch self {
        case .password: [.scramSHA256, .plain, .login]
        case .kerberos: [.gssapi]
        }
    }
}

extension ClientCredential: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the password: values end up in logs.
    public var description: String {
        switch self {
        case .password(let user, _): "password of \(user)"
        case .kerberos(let cache): "Kerberos ticket of \(cache ?? "the default cache")"
        }
    }

    public var debugDescription: String { description }
}
