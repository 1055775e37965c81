import COpenSSL
import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// How a certificate of ours is made: self-signed, of a lab's authority, or the authority itself (RFC 5280 §4).
struct CertificateIssue {
    enum Purpose {
        case server
        case authority(commonName: String)
    }

    var purpose: Purpose
    var names: [CertificateName]
    /// The key that is certified.
    var publicKey: OpaquePointer
    /// Who signs; nil: it signs itself.
    var issuer: Certificate?
    var signer: PrivateKey
    var notBefore: Timestamp
    var notAfter: Timestamp

    func make() throws(CertificateError) -> Certificate {
        guard let pointer = X509_new() else { throw .cryptography("no memory for a certificate") }
        do throws(CertificateError) {
            try checked("making a certificate") { fill(pointer) && X509_sign(pointer, signer.pointer, signer.digest) > 0 }
        } catch {
            X509_free(pointer)
            throw error
        }
        return Certificate(adopting: pointer)
    }

    private func fill(_ certificate: OpaquePointer) -> Bool {
        let subject = X509_get_subject_name(certificate)
        guard X509_set_version(certificate, 2) == 1, Self.setSerialNumber(certificate),
            Self.setTime(X509_getm_notBefore(certificate), notBefore), Self.setTime(X509_getm_notAfter(certificate), notAfter),
            X509_set_pubkey(certificate, publicKey) == 1
        else { return false }
        switch purpose {
        case .server: guard let first = names.first, Self.setCommonName(subject, first) else { return false }
        case .authority(let name): guard Self.setCommonName(subject, name) else { return false }
        }
        guard X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.pointer) } ?? subject) == 1 else { return false }
        return extensions.allSatisfy { Self.add($0.0, $0.1, to: certificate, issuer: issuer?.pointer ?? certificate) }
    }

    private var extensions: [(Int32, String)] {
        switch purpose {
        case .authority:
            [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ]
        case .server:
            [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth"), (NID_subject_key_identifier, "hash"),
                (NID_subject_alt_name, Self.text(of: names)),
            ] + (issuer == nil ? [] : [(NID_authority_key_identifier, "keyid:always")])
        }
    }

    static func text(of names: [CertificateName]) -> String { names.map(\.configurationText).joined(separator: ",") }

    private static func add(_ nid: Int32, _ value: String, to certificate: OpaquePointer, issuer: OpaquePointer) -> Bool {
        guard let one = postern_extension(issuer, certificate, nil, nid, value) else { return false }
        defer { X509_EXTENSION_free(one) }
        return X509_add_ext(certificate, one, -1) == 1
    }

    /// A longer name is left out: the alternative names have it.
    static func setCommonName(_ subject: OpaquePointer?, _ name: CertificateName) -> Bool {
        name.description.utf8.count > 64 || setCommonName(subject, name.description)
    }

    static func setCommonName(_ subject: OpaquePointer?, _ name: String) -> Bool {
        X509_NAME_add_entry_by_txt(subject, "CN", Int32(MBSTRING_FLAG | 0), Array(name.utf8), Int32(name.utf8.count), -1, 0) == 1
    }

    /// Positive, random, at most 20 octets (RFC 5280 §4.1.2.2).
    private static func setSerialNumber(_ certificate: OpaquePointer) -> Bool {
        var octets = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&octets, Int32(octets.count)) == 1 else { return false }
        octets[0] = octets[0] & 0x7F | 0x40
        guard let number = BN_bin2bn(octets, Int32(octets.count), nil) else { return false }
        defer { BN_free(number) }
        return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    private static func setTime(_ target: UnsafeMutablePointer<ASN1_TIME>?, _ time: Timestamp) -> Bool {
        ASN1_TIME_set(target, time_t(time.seconds)) != nil
    }
}
