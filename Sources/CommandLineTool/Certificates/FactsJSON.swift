import MailVocabulary
import TransportSecurity

/// A certificate as one JSON object.
struct FactsJSON: Encodable {
    let subject, issuer: String
    let names: [String]
    let notBefore, notAfter, serialNumber, key, signatureAlgorithm, fingerprint: String
    let keyBits, daysLeft: Int
    let isAuthority, isSelfIssued: Bool

    private enum CodingKeys: String, CodingKey {
        case subject, issuer, names, key
        case notBefore = "not_before"
        case notAfter = "not_after"
        case serialNumber = "serial_number"
        case signatureAlgorithm = "signature_algorithm"
        case fingerprint = "fingerprint_sha256"
        case keyBits = "key_bits"
        case daysLeft = "days_left"
        case isAuthority = "is_authority"
        case isSelfIssued = "is_self_issued"
    }

    init(_ facts: CertificateFacts, now: Timestamp) {
        (subject, issuer, names) = (facts.subject, facts.issuer, facts.names.map(\.description))
        (notBefore, notAfter, serialNumber) = ("\(facts.notBefore)", "\(facts.notAfter)", facts.serialNumber)
        (key, keyBits, signatureAlgorithm) = ("\(facts.key)", facts.key.bits, facts.signatureAlgorithm)
        (fingerprint, daysLeft) = (facts.fingerprintSHA256, facts.daysLeft(at: now))
        (isAuthority, isSelfIssued) = (facts.isAuthority, facts.isSelfIssued)
    }

    func text() throws -> String { try JSONLine.text(self) }
}
