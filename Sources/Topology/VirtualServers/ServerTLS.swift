/// TLS as a virtual server does it (`tls`).
public struct ServerTLS: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case none
        /// STARTTLS is advertised; nobody has to use it.
        case offered
        /// Nothing but EHLO, STARTTLS, NOOP and QUIT before TLS (S13).
        case required
    }

    public enum Version: String, Hashable, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    public let mode: Mode
    /// The names of the pairs in `certificates`; empty where `mode` is `none`. The first is shown where the client names no host, or none
    /// that another one is for.
    public let certificates: [String]
    /// A negotiated cipher with fewer bits is refused (S14); nil asks for none in particular.
    public let minimumBits: Int?
    public let minimumVersion: Version
    /// Whether an edge server may refuse mail from the Internet that comes without TLS, against RFC 3207 §4.
    public let acknowledgesRequired: Bool
    public let location: SourceLocation

    public init(
        mode: Mode, certificates: [String] = [], minimumBits: Int? = nil, minimumVersion: Version = .tls12,
        acknowledgesRequired: Bool = false, location: SourceLocation = .builtIn
    ) {
        (self.mode, self.certificates, self.minimumBits) = (mode, certificates, minimumBits)
        (self.minimumVersion, self.acknowledgesRequired, self.location) = (minimumVersion, acknowledgesRequired, location)
    }

    public static let none = ServerTLS(mode: .none)
}
