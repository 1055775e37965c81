import MailVocabulary
import TransportSecurity

extension Timestamp {
    /// `2026-11-24`
    var day: Substring { description.prefix(10) }
}

extension CertificateFinding.Severity {
    var word: String {
        switch self {
        case .good: "good"
        case .warning: "warning"
        case .error: "error"
        }
    }
}

extension CertificateFinding.Subject {
    var word: String {
        switch self {
        case .chain: "chain"
        case .name: "name"
        case .validity: "validity"
        case .key: "key"
        case .signature: "signature"
        }
    }
}
