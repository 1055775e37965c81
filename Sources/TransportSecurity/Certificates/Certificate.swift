import COpenSSL

/// One X.509 certificate.
///
/// Unchecked: it is not changed after it was read or signed, and OpenSSL counts references and fills its caches under locks of its own.
public final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer
    public let facts: CertificateFacts

    /// Takes over the reference.
    init(adopting pointer: OpaquePointer) {
        self.pointer = pointer
        facts = CertificateFacts(pointer)
    }

    deinit { X509_free(pointer) }

    /// Reads all certificates of a PEM text, in their order; text between them is passed over.
    ///
    /// - Returns: nil where one of them is damaged. Empty where there is none.
    static func read(pem: [UInt8]) -> [Certificate]? {
        let bio = MemoryBIO(pem)
        var certificates: [Certificate] = []
        ErrorQueue.clear()
        while let next = PEM_read_bio_X509(bio.pointer, nil, refusePassphrase, nil) { certificates.append(Certificate(adopting: next)) }
        // PEM_R_NO_START_LINE is the end of the text.
        let error = ERR_peek_last_error()
        ErrorQueue.clear()
        return Int32(truncatingIfNeeded: error & 0x7F_FFFF) == PEM_R_NO_START_LINE ? certificates : nil
    }

    /// The first certificate of a file: the server's own. Whoever may not read the key may read this.
    public static func first(inFile path: String) throws(CertificateError) -> Certificate {
        guard let chain = read(pem: try FileContent(path: path).octets) else {
            throw .malformed(path: path, reason: "one of its certificates cannot be read")
        }
        guard let first = chain.first else { throw .noCertificate(path: path) }
        return first
    }

    /// The certificate as PEM.
    public var pem: [UInt8] {
        let bio = MemoryBIO()
        PEM_write_bio_X509(bio.pointer, pointer)
        return bio.octets
    }

    /// SHA-256 of the public key with its algorithm, 32 octets: what a TLSA record `3 1 1` has (RFC 6698 §2.1). It stays where a renewed
    /// certificate keeps its key.
    public var publicKeyDigest: [UInt8] {
        let bio = MemoryBIO()
        i2d_X509_PUBKEY_bio(bio.pointer, X509_get_X509_PUBKEY(pointer))
        let key = bio.octets
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(key, key.count, &digest)
        return digest
    }

    /// Whether this is the key that the certificate speaks of.
    func belongs(to key: PrivateKey) -> Bool {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        return X509_check_private_key(pointer, key.pointer) == 1
    }

    /// Whether `issuer` has signed it: its name, its key identifier and its signature.
    func isSigned(by issuer: Certificate) -> Bool {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard X509_check_issued(issuer.pointer, pointer) == X509_V_OK, let key = X509_get0_pubkey(issuer.pointer) else { return false }
        return X509_verify(pointer, key) == 1
    }

    /// Whether the certificate names it (RFC 9525): never by its subject, and a `*` only as the whole leftmost label.
    public func names(_ reference: PeerReference) -> Bool { reference.isNamed(by: pointer) }
}

/// A daemon has nobody to ask for a passphrase; without this OpenSSL would read from the terminal.
let refusePassphrase: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = { _, _, _, _ in -1 }
