/// TLS on outgoing connections of a connector (E16).
public enum ConnectorTLS: String, Hashable, Sendable, CaseIterable {
    case none
    /// Where the server offers it; its certificate is not checked (RFC 7435).
    case opportunistic
    /// Not without; its certificate is not checked.
    case required
    /// Not without, and the certificate must name the server and come from an authority that counts.
    case verified
}
