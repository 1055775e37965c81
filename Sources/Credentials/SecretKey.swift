import COpenSSL

/// The key that recoverable secrets are sealed with: 256 bits for AES-256-GCM (NIST SP 800-38D).
///
/// It lies in a file outside the database, so that a stolen database alone gives no password (``SecretKeyFile``).
public struct SecretKey: Hashable, Sendable {
    public static let octetCount = 32

    let octets: [UInt8]

    /// A new key from OpenSSL's generator.
    ///
    /// - Throws: where there is no randomness.
    public init() throws(CryptographyError) { octets = try randomOctets(Self.octetCount) }

    /// - Returns: nil where the count is not ``octetCount``.
    public init?(octets: [UInt8]) {
        guard octets.count == Self.octetCount else { return nil }
        self.octets = octets
    }
}

extension SecretKey: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the key: values end up in logs.
    public var description: String { "(key)" }
    public var debugDescription: String { description }
}
