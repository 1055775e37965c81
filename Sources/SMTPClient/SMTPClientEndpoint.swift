import MailVocabulary

/// Where a remote server listens.
public enum SMTPClientEndpoint: Hashable, Sendable {
    /// - Parameter port: 1 to 65535.
    case tcp(IPAddress, port: Int)
    /// A Unix socket by its path, at most 107 octets.
    case unix(path: String)
}

extension SMTPClientEndpoint: CustomStringConvertible {
    /// As a log shows it: `192.0.2.25:25`, `[2001:db8::1]:25`, `unix:/run/lmtp`.
    public var description: String {
        switch self {
        case .tcp(let address, let port): address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
