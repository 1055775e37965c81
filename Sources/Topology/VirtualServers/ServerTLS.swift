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
    /// The name of the pair in `certificates`; nil where `mode` is `none`.
    public let certificate: String?
    /// A negotiated cipher with fewer bits is refused (S14); nil asks for none in particular.
    public let minimumBits: Int?
    public let minimumVersion: Version
    public let location: SourceLocation

    public init(
        mode: Mode, certificate: String? = nil, minimumBits: Int? = nil, minimumVersion: Version = .tls12,
        location: SourceLocation = .builtIn
    ) {
        (self.mode, self.certificate, self.minimumBits) = (mode, certificate, minimumBits)
        (self.minimumVersion, self.location) = (minimumVersion, location)
    }

    public static let none = ServerTLS(mode: .none)
}
