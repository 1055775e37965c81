import MailVocabulary

extension CertificatePair {
    /// Makes a certificate that vouches for itself: enough against listeners, and for tests. Nothing is written.
    ///
    /// - Parameters:
    ///   - names: what it is for, at least one.
    ///   - key: a new one where nil.
    ///   - lifetime: from `now` on.
    public static func selfSigned(
        names: [CertificateName], key: PrivateKey? = nil, lifetime: Duration = .seconds(365 * 86_400), now: Timestamp
    ) throws(CertificateError) -> CertificatePair {
        guard !names.isEmpty else { throw .noName }
        let key = if let key { key } else { try PrivateKey.make() }
        let certificate = try CertificateIssue(
            purpose: .server, names: names, publicKey: key.pointer, issuer: nil, signer: key, notBefore: now, notAfter: now + lifetime
        ).make()
        return try CertificatePair(certificate: certificate, key: key)
    }
}
