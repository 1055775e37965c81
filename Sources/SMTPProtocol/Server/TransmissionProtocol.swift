/// The `with` protocol of a Received field (RFC 3848 §1, RFC 6531 §4.3).
public enum TransmissionProtocol: String, Hashable, Sendable {
    case smtp = "SMTP"
    case esmtp = "ESMTP"
    case esmtpAuthenticated = "ESMTPA"
    case esmtpSecured = "ESMTPS"
    case esmtpSecuredAuthenticated = "ESMTPSA"
    case utf8smtp = "UTF8SMTP"
    case utf8smtpAuthenticated = "UTF8SMTPA"
    case utf8smtpSecured = "UTF8SMTPS"
    case utf8smtpSecuredAuthenticated = "UTF8SMTPSA"

    /// - Parameters:
    ///   - isSecured: TLS is in use.
    ///   - isAuthenticated: AUTH succeeded.
    public init(greeting: ClientGreeting, smtpUTF8: Bool, isSecured: Bool = false, isAuthenticated: Bool = false) {
        guard case .ehlo = greeting else {
            // A session that began with HELO has no extension to name.
            self = .smtp
            return
        }
        self =
            switch (smtpUTF8, isSecured, isAuthenticated) {
            case (false, false, false): .esmtp
            case (false, false, true): .esmtpAuthenticated
            case (false, true, false): .esmtpSecured
            case (false, true, true): .esmtpSecuredAuthenticated
            case (true, false, false): .utf8smtp
            case (true, false, true): .utf8smtpAuthenticated
            case (true, true, false): .utf8smtpSecured
            case (true, true, true): .utf8smtpSecuredAuthenticated
            }
    }

    /// As it is written in the field.
    public var keyword: String { rawValue }
}
