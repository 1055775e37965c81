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
