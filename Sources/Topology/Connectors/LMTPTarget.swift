import MailVocabulary

/// Where an LMTP server listens (RFC 2033).
public enum LMTPTarget: Hashable, Sendable {
    /// A Unix socket, absolute.
    case unix(path: String)
    /// - Parameter port: 1 to 65535.
    case tcp(host: MailDomain, port: Int)
}

extension LMTPTarget: CustomStringConvertible {
    /// As the configuration writes it: `unix:/run/dovecot/lmtp`, `mailstore.example:24`, `[192.0.2.1]:24`.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): SmartHost(host: host, port: port).description
        }
    }
}
