import MailVocabulary

/// Why an exchange failed. For logs and counts: outside, nobody may be told more than ``reply``.
public enum AuthenticationFailure: Error, Hashable, Sendable {
    /// The name is known, and the password or its proof is wrong.
    case wrongCredentials
    /// Nobody has that name, or nobody can have it.
    case unknownAccount
    /// The credential is there, and its time is over.
    case expired
    /// The name is known, and there is nothing stored that this mechanism could check with: no password, or none that is recoverable.
    case noSecret
    /// A Kerberos ticket that is good, of a principal that is no account here.
    case principalNotOurs(String)
    /// The client wants to act as somebody else than it is; which is nothing that anybody may here.
    case authorizationNotPermitted(String)
    /// The mechanism is not configured, or lacks what it needs on this machine.
    case mechanismNotAvailable
    /// The mechanism sends the password, and the connection is not encrypted.
    case encryptionRequired
    /// What the client sent is not what the mechanism says; the library's words.
    case malformed(String)
    /// A message over ``SASLServerExchange/maximumMessageOctets``.
    case tooLong
    /// A part of this system or one that it asks failed. It says nothing about the credentials, and the same attempt may succeed later.
    case temporary(String)

    /// The reply of an SMTP server (RFC 4954 §4 and §6): the same for everything that has to do with who the client is.
    public var reply: Reply {
        switch self {
        case .wrongCredentials, .unknownAccount, .expired, .noSecret, .principalNotOurs, .authorizationNotPermitted:
            Reply(535, "5.7.8", "Authentication credentials invalid")
        case .mechanismNotAvailable: Reply(504, "5.5.4", "This authentication mechanism is not available here")
        case .encryptionRequired: Reply(538, "5.7.11", "Encryption is required for this authentication mechanism")
        case .malformed: Reply(501, "5.5.2", "That is no message of this authentication mechanism")
        case .tooLong: Reply(500, "5.5.6", "Authentication exchange line is too long")
        case .temporary: Reply(454, "4.7.0", "Temporary authentication failure")
        }
    }

    /// Whether it counts as a guess that failed. Octets that are no message of the mechanism do: nobody's program sends them, and looking for
    /// ones that break something must not be cheaper than guessing.
    public var isGuess: Bool {
        switch self {
        case .wrongCredentials, .unknownAccount, .expired, .noSecret, .principalNotOurs, .authorizationNotPermitted, .malformed, .tooLong:
            true
        case .mechanismNotAvailable, .encryptionRequired, .temporary: false
        }
    }
}

extension AuthenticationFailure: CustomStringConvertible {
    /// For a log.
    public var description: String {
        switch self {
        case .wrongCredentials: "wrong password"
        case .unknownAccount: "unknown login name"
        case .expired: "the credential has expired"
        case .noSecret: "the account has no secret for this mechanism"
        case .principalNotOurs(let principal): "the Kerberos principal \(principal) is no account here"
        case .authorizationNotPermitted(let name): "the client wants to act as \(name)"
        case .mechanismNotAvailable: "the mechanism is not available"
        case .encryptionRequired: "the mechanism needs an encrypted connection"
        case .malformed(let detail): "malformed message\(detail.isEmpty ? "" : ": \(detail)")"
        case .tooLong: "a message of more than \(SASLServerExchange.maximumMessageOctets) octets"
        case .temporary(let detail): "temporary failure\(detail.isEmpty ? "" : ": \(detail)")"
        }
    }
}
