import COpenSSL

/// A private key. It never shows in a description.
///
/// Unchecked: it is not changed after it was made or read, and OpenSSL counts its references itself.
public final class PrivateKey: @unchecked Sendable {
    /// What can be made.
    public enum Algorithm: Hashable, Sendable, CaseIterable {
        /// The default: small, fast, taken everywhere.
        case ecdsaP256
        case rsa2048
        case rsa3072
        case rsa4096
    }

    let pointer: OpaquePointer

    /// Takes over the reference.
    init(adopting pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// Makes a new key. RSA of 4096 bits takes seconds.
    ///
    /// - Throws: `.cryptography` where OpenSSL has no randomness or memory.
    public static func make(_ algorithm: Algorithm = .ecdsaP256) throws(CertificateError) -> PrivateKey {
        ErrorQueue.clear()
        let key =
            switch algorithm {
            case .ecdsaP256: postern_EVP_EC_gen("P-256")
            case .rsa2048: postern_EVP_RSA_gen(2048)
            case .rsa3072: postern_EVP_RSA_gen(3072)
            case .rsa4096: postern_EVP_RSA_gen(4096)
            }
        guard let key else { throw .cryptography("making a key: \(ErrorQueue.drain())") }
        return PrivateKey(adopting: key)
    }

    /// Reads a PEM text: PKCS #8, or the older forms of one algorithm.
    ///
    /// - Parameter path: for the error.
    /// - Throws: `.keyEncrypted`, `.noKey`, `.malformed`.
    static func read(pem: [UInt8], path: String) throws(CertificateError) -> PrivateKey {
        let text = String(decoding: pem, as: UTF8.self)
        guard text.contains("PRIVATE KEY-----") else { throw .noKey(path: path) }
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") { throw .keyEncrypted(path: path) }
        let bio = MemoryBIO(pem)
        ErrorQueue.clear()
        guard let key = PEM_read_bio_PrivateKey(bio.pointer, nil, refusePassphrase, nil) else {
            throw .malformed(path: path, reason: ErrorQueue.drain())
        }
        return PrivateKey(adopting: key)
    }

    public var kind: KeyKind { KeyKind(pointer) }

    /// The key as PKCS #8, not encrypted: for a file that its owner alone may read.
    public var pem: [UInt8] {
        let bio = MemoryBIO()
        PEM_write_bio_PKCS8PrivateKey(bio.pointer, pointer, nil, nil, 0, nil, nil)
        return bio.octets
    }

    /// The hash to sign with: EdDSA has its own.
    var digest: OpaquePointer? {
        switch kind {
        case .rsa: EVP_sha256()
        case .ec(_, let bits): bits > 256 ? EVP_sha384() : EVP_sha256()
        case .other: nil
        }
    }
}
