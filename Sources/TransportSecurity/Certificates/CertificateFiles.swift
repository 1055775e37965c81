/// The two files of a certificate pair, as the configuration names them.
public struct CertificateFiles: Hashable, Sendable {
    /// PEM: the server's certificate first, then those that vouch for it, without the root.
    public let certificate: String
    /// PEM, not encrypted. May be the same file.
    public let key: String

    public init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }
}
