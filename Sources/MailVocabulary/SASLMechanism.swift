/// A SASL mechanism by its registered name (RFC 4422 §3.1).
public enum SASLMechanism: String, Hashable, Sendable, CaseIterable {
    case plain = "PLAIN"
    case login = "LOGIN"
    case cramMD5 = "CRAM-MD5"
    case scramSHA1 = "SCRAM-SHA-1"
    case scramSHA256 = "SCRAM-SHA-256"
    case gssapi = "GSSAPI"
    case gs2Kerberos = "GS2-KRB5"
    case ntlm = "NTLM"

    /// The method it belongs to in the configuration.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        case basic, challenge, integrated
    }

    public var method: Method {
        switch self {
        case .plain, .login: .basic
        case .cramMD5, .scramSHA1, .scramSHA256: .challenge
        case .gssapi, .gs2Kerberos, .ntlm: .integrated
        }
    }
}
