import COpenSSL
import MailVocabulary

/// A request to an authority to certify a key for names (PKCS #10, RFC 2986).
///
/// Unchecked: it is not changed after it was made or read.
public final class CertificateRequest: @unchecked Sendable {
    let pointer: OpaquePointer

    private init(adopting pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_REQ_free(pointer) }

    /// Makes a request. The common name is the first name, where it fits its 64 characters; nobody should read it (RFC 9525 §2).
    ///
    /// - Parameter names: what the certificate is for, at least one.
    public static func make(names: [CertificateName], key: PrivateKey) throws(CertificateError) -> CertificateRequest {
        guard let first = names.first else { throw .noName }
        guard let pointer = X509_REQ_new() else { throw .cryptography("no memory for a request") }
        let request = CertificateRequest(adopting: pointer)
        try checked("making a request") {
            guard X509_REQ_set_version(pointer, 0) == 1, X509_REQ_set_pubkey(pointer, key.pointer) == 1,
                CertificateIssue.setCommonName(X509_REQ_get_subject_name(pointer), first),
                let extensionOfNames = postern_extension(nil, nil, pointer, NID_subject_alt_name, CertificateIssue.text(of: names))
            else { return false }
            defer { X509_EXTENSION_free(extensionOfNames) }
            return postern_X509_REQ_add_extension(pointer, extensionOfNames) == 1 && X509_REQ_sign(pointer, key.pointer, key.digest) > 0
        }
        return request
    }

    /// Reads a PEM text and checks that whoever made it has the key.
    ///
    /// - Parameter path: for the error.
    public static func read(pem: [UInt8], path: String = "the request") throws(CertificateError) -> CertificateRequest {
        let bio = MemoryBIO(pem)
        ErrorQueue.clear()
        guard let pointer = PEM_read_bio_X509_REQ(bio.pointer, nil, refusePassphrase, nil) else {
            throw .malformed(path: path, reason: ErrorQueue.drain())
        }
        let request = CertificateRequest(adopting: pointer)
        guard let key = X509_REQ_get0_pubkey(pointer), X509_REQ_verify(pointer, key) == 1 else { throw .requestNotSigned(path: path) }
        return request
    }

    public var pem: [UInt8] {
        let bio = MemoryBIO()
        PEM_write_bio_X509_REQ(bio.pointer, pointer)
        return bio.octets
    }

    public var subject: String { distinguishedName(X509_REQ_get_subject_name(pointer)) }

    /// What it asks for; at most 100.
    public var names: [CertificateName] {
        let alternatives = postern_X509_REQ_subject_names(pointer)
        defer { GENERAL_NAMES_free(alternatives) }
        return alternatives.map { CertificateFacts.names(in: $0) } ?? []
    }
}

/// Turns OpenSSL's “no” into an error that says what was being done.
func checked(_ what: String, _ body: () -> Bool) throws(CertificateError) {
    ErrorQueue.clear()
    guard body() else { throw .cryptography("\(what): \(ErrorQueue.drain())") }
}
