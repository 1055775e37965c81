import Foundation
import MailVocabulary
import TransportSecurity

/// A certificate on a terminal of 80 columns.
struct FactsText {
    let text: String

    init(_ facts: CertificateFacts, now: Timestamp) {
        let days = facts.daysLeft(at: now)
        let left =
            facts.isExpired(at: now)
            ? "expired" : facts.isNotYetValid(at: now) ? "not yet valid" : days == 1 ? "1 day left" : "\(days) days left"
        let fingerprint = facts.fingerprintSHA256
        // 32 octets are two lines of 48 and 47 characters.
        let rows: [(String, [String])] = [
            ("subject", Self.wrapped(facts.subject.isEmpty ? "none" : facts.subject)),
            ("for", facts.names.isEmpty ? ["no name"] : facts.names.map(\.description)),
            ("issuer", facts.isSelfIssued ? ["itself"] : Self.wrapped(facts.issuer)),
            ("valid", ["\(facts.notBefore.day) to \(facts.notAfter.day) (\(left))"]),
            ("key", ["\(facts.key), signed with \(facts.signatureAlgorithm)"]),
            ("serial", [facts.serialNumber]),
            ("SHA-256", [String(fingerprint.prefix(48)), String(fingerprint.dropFirst(48))]),
        ]
        text = rows.flatMap { label, lines in
            lines.enumerated().map { index, line in
                (index == 0 ? label : "").padding(toLength: 9, withPad: " ", startingAt: 0) + line
            }
        }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var rest = Substring(text)
        while rest.count > 70 {
            lines.append(String(rest.prefix(70)))
            rest = rest.dropFirst(70)
        }
        return lines + [String(rest)]
    }
}

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

/// One object on one line, its keys sorted.
enum JSONLine {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
