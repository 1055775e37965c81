import COpenSSL
import MailVocabulary

/// An authority of one's own: for a lab, or for an office whose machines are told to trust it.
public struct CertificateAuthority: Sendable {
    public let pair: CertificatePair

    /// One that was made before.
    public init(_ pair: CertificatePair) { self.pair = pair }

    /// Makes one. Nothing is written.
    ///
    /// - Parameter commonName: 1 to 64 characters, for people.
    public static func make(
        commonName: String, algorithm: PrivateKey.Algorithm = .ecdsaP256, lifetime: Duration = .seconds(3650 * 86_400), now: Timestamp
    ) throws(CertificateError) -> CertificateAuthority {
        let key = try PrivateKey.make(algorithm)
        let certificate = try CertificateIssue(
            purpose: .authority(commonName: commonName), names: [], publicKey: key.pointer, issuer: nil, signer: key, notBefore: now,
            notAfter: now + lifetime
        ).make()
        return CertificateAuthority(try CertificatePair(certificate: certificate, key: key))
    }

    /// Signs a request, for the names that it asks for.
    ///
    /// - Throws: `.noName`.
    public func sign(
        _ request: CertificateRequest, lifetime: Duration = .seconds(365 * 86_400), now: Timestamp
    ) throws(CertificateError) -> Certificate {
        let names = request.names
        guard !names.isEmpty else { throw .noName }
        guard let key = X509_REQ_get0_pubkey(request.pointer) else { throw .cryptography("the request has no key") }
        return try CertificateIssue(
            purpose: .server, names: names, publicKey: key, issuer: pair.certificate, signer: pair.key, notBefore: now,
            notAfter: now + lifetime
        ).make()
    }

    /// Makes a key and a certificate for it.
    public func issue(
        names: [CertificateName], algorithm: PrivateKey.Algorithm = .ecdsaP256, lifetime: Duration = .seconds(365 * 86_400), now: Timestamp
    ) throws(CertificateError) -> CertificatePair {
        let key = try PrivateKey.make(algorithm)
        let certificate = try sign(try CertificateRequest.make(names: names, key: key), lifetime: lifetime, now: now)
        return try CertificatePair(certificate: certificate, key: key)
    }
}
