/// Something that a check of a certificate has to say.
public struct CertificateFinding: Hashable, Sendable {
    public enum Severity: Int, Hashable, Sendable, Comparable {
        /// As it should be.
        case good
        /// Some clients complain, or all of them soon will.
        case warning
        /// Clients that look refuse it.
        case error

        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    public enum Subject: Hashable, Sendable {
        case chain
        case name
        case validity
        case key
        case signature
    }

    public let severity: Severity
    public let subject: Subject
    /// A sentence for people, without a full stop.
    public let text: String

    init(_ severity: Severity, _ subject: Subject, _ text: String) {
        (self.severity, self.subject, self.text) = (severity, subject, text)
    }
}
