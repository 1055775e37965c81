import COpenSSL
import MailVocabulary

/// A certificate with its key and the certificates that vouch for it: what a server shows.
public final class CertificatePair: Sendable {
    /// The most certificates of one file.
    static let maximumChain = 16

    public let certificate: Certificate
    /// Those above it, nearest first.
    public let intermediates: [Certificate]
    public let key: PrivateKey

    /// - Throws: `.keyMismatch` where the key is not the certificate's.
    public init(certificate: Certificate, intermediates: [Certificate] = [], key: PrivateKey) throws(CertificateError) {
        guard certificate.belongs(to: key) else { throw .keyMismatch(certificate: certificate.facts.subject, key: "the key given") }
        (self.certificate, self.intermediates, self.key) = (certificate, intermediates, key)
    }

    private init(unchecked certificate: Certificate, _ intermediates: [Certificate], _ key: PrivateKey) {
        (self.certificate, self.intermediates, self.key) = (certificate, intermediates, key)
    }

    public var facts: CertificateFacts { certificate.facts }

    /// Reads the two files. Blocks; once per start and change.
    ///
    /// - Throws: where they cannot be read or do not belong together. A pair that has expired is read, with a warning.
    public static func load(_ files: CertificateFiles, now: Timestamp) throws(CertificateError) -> (CertificatePair, [CertificateWarning]) {
        let certificate = try FileContent(path: files.certificate)
        let key = try FileContent(path: files.key)
        return try load(files, certificate: certificate, key: key, now: now)
    }

    static func load(
        _ files: CertificateFiles, certificate: FileContent, key keyFile: FileContent, now: Timestamp
    ) throws(CertificateError) -> (CertificatePair, [CertificateWarning]) {
        guard let chain = Certificate.read(pem: certificate.octets) else {
            throw .malformed(path: files.certificate, reason: "one of its certificates cannot be read")
        }
        guard let first = chain.first else { throw .noCertificate(path: files.certificate) }
        guard chain.count <= maximumChain else { throw .tooManyCertificates(path: files.certificate, limit: maximumChain) }
        let key = try PrivateKey.read(pem: keyFile.octets, path: files.key)
        guard first.belongs(to: key) else { throw .keyMismatch(certificate: files.certificate, key: files.key) }
        var warnings: [CertificateWarning] = []
        if first.facts.isExpired(at: now) { warnings.append(.expired(path: files.certificate, notAfter: first.facts.notAfter)) }
        if first.facts.isNotYetValid(at: now) {
            warnings.append(.notYetValid(path: files.certificate, notBefore: first.facts.notBefore))
        }
        for exposure in Set(certificate.exposures + keyFile.exposures).sorted(by: { "\($0)" < "\($1)" }) {
            warnings.append(.exposed(exposure))
        }
        if keyFile.mode & 0o027 != 0 { warnings.append(.keyPermissions(path: files.key, mode: keyFile.mode)) }
        return (CertificatePair(unchecked: first, Array(chain.dropFirst()), key), warnings)
    }
}
