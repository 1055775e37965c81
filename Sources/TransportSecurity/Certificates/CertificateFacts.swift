import COpenSSL
import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// What a certificate says, for people, logs and metrics. Text from a peer is bounded and has no control characters.
public struct CertificateFacts: Hashable, Sendable {
    /// A peer's certificate may be long; logs need not be.
    static let maximumNames = 100
    static let maximumTextLength = 512

    /// RFC 4514: `CN=mail.example,O=Example`. At most 512 octets.
    public let subject: String
    public let issuer: String
    /// The dNSNames and iPAddresses of the subject alternative name, in their order; what is neither is left out. At most 100.
    public let names: [CertificateName]
    /// Hexadecimal, upper case.
    public let serialNumber: String
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    public let key: KeyKind
    /// OpenSSL's name: `ecdsa-with-SHA256`.
    public let signatureAlgorithm: String
    /// Of the DER form: `AB:CD:…`, 95 characters.
    public let fingerprintSHA256: String
    public let isAuthority: Bool
    /// Subject and issuer are the same.
    public let isSelfIssued: Bool

    public func isExpired(at now: Timestamp) -> Bool { now >= notAfter }
    public func isNotYetValid(at now: Timestamp) -> Bool { now < notBefore }

    /// Whole days until the end, rounded down; negative afterwards.
    public func daysLeft(at now: Timestamp) -> Int {
        let seconds = notAfter.seconds - now.seconds
        return Int(seconds >= 0 ? seconds / 86_400 : -((-seconds + 86_399) / 86_400))
    }

    init(_ certificate: OpaquePointer) {
        subject = distinguishedName(X509_get_subject_name(certificate))
        issuer = distinguishedName(X509_get_issuer_name(certificate))
        let alternatives = postern_X509_subject_names(certificate)
        defer { GENERAL_NAMES_free(alternatives) }
        names = alternatives.map { Self.names(in: $0) } ?? []
        serialNumber = Self.hexadecimal(X509_get0_serialNumber(certificate))
        notBefore = Self.timestamp(X509_get0_notBefore(certificate))
        notAfter = Self.timestamp(X509_get0_notAfter(certificate))
        key = X509_get0_pubkey(certificate).map { KeyKind($0) } ?? .other("unknown", bits: 0)
        signatureAlgorithm = OBJ_nid2sn(X509_get_signature_nid(certificate)).map { String(cString: $0) } ?? "unknown"
        fingerprintSHA256 = Self.fingerprint(certificate)
        isAuthority = X509_check_ca(certificate) == 1
        isSelfIssued = X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0
        ErrorQueue.clear()
    }

    static func names(in alternatives: OpaquePointer) -> [CertificateName] {
        (0..<min(postern_GENERAL_NAMES_count(alternatives), Int32(maximumNames))).compactMap { index in
            var kind: Int32 = 0
            var count: Int32 = 0
            guard let octets = postern_GENERAL_NAMES_octets(alternatives, index, &kind, &count) else { return nil }
            let bytes = UnsafeBufferPointer(start: octets, count: Int(count))
            if kind == GEN_IPADD { return IPAddress(octets: bytes).map { .address($0) } }
            guard count <= 255 else { return nil }
            let name = CertificateName(parsing: String(decoding: bytes, as: UTF8.self))
            // A dNSName that looks like an address is a name of nothing.
            if case .address? = name { return nil }
            return name
        }
    }

    private static func hexadecimal(_ number: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let big = ASN1_INTEGER_to_BN(number, nil), let text = BN_bn2hex(big) else { return "" }
        defer {
            BN_free(big)
            CRYPTO_free(text, #file, #line)
        }
        return String(cString: text).prefixOctets(80)
    }

    private static func timestamp(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp {
        var parts = tm()
        // A time that cannot be read is no time at which the certificate is valid.
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return Timestamp(seconds: 0) }
        return Timestamp(seconds: Int64(timegm(&parts)))
    }

    private static func fingerprint(_ certificate: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        guard X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return "" }
        let digits = Array("0123456789ABCDEF")
        return digest.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined(separator: ":")
    }
}

/// A name as RFC 4514 writes it, control characters escaped.
func distinguishedName(_ name: OpaquePointer?) -> String {
    guard let name else { return "" }
    let bio = MemoryBIO()
    guard postern_X509_NAME_print(bio.pointer, name) >= 0 else { return "" }
    return String(decoding: bio.octets.prefix(CertificateFacts.maximumTextLength), as: UTF8.self)
}

extension String {
    fileprivate func prefixOctets(_ count: Int) -> String { String(decoding: utf8.prefix(count), as: UTF8.self) }
}
