/// A certificate chain with its private key, by file (S11).
public struct ConfiguredCertificate: Hashable, Sendable {
    /// The chain in PEM, absolute.
    public let certificate: String
    /// The private key in PEM, absolute.
    public let key: String
    public let location: SourceLocation

    public init(certificate: String, key: String, location: SourceLocation = .builtIn) {
        (self.certificate, self.key, self.location) = (certificate, key, location)
    }
}
