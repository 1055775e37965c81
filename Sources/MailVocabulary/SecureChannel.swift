/// What protects a connection: TLS as it was negotiated.
public struct SecureChannel: Hashable, Sendable {
    /// `TLSv1.2`, `TLSv1.3`.
    public let version: String
    /// The cipher suite by its IANA or OpenSSL name: `TLS_AES_256_GCM_SHA384`.
    public let cipher: String
    /// The strength of the cipher's key in bits (S14).
    public let bits: Int

    public init(version: String, cipher: String, bits: Int) { (self.version, self.cipher, self.bits) = (version, cipher, bits) }
}
