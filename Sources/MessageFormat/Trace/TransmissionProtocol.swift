/// The `with` keyword of a `Received` field (RFC 3848, RFC 6531 §4.3).
public struct TransmissionProtocol: Hashable, Sendable {
    /// The session began with EHLO.
    public let isExtended: Bool
    /// The session is protected by TLS.
    public let isSecure: Bool
    /// The client has authenticated.
    public let isAuthenticated: Bool
    /// `MAIL` said SMTPUTF8.
    public let isUTF8: Bool

    public init(isExtended: Bool, isSecure: Bool = false, isAuthenticated: Bool = false, isUTF8: Bool = false) {
        (self.isExtended, self.isSecure, self.isAuthenticated, self.isUTF8) = (isExtended, isSecure, isAuthenticated, isUTF8)
    }

    /// `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, `UTF8SMTP` and its suffixes. TLS, AUTH and SMTPUTF8 exist only with EHLO.
    public var keyword: String {
        let suffix = (isSecure ? "S" : "") + (isAuthenticated ? "A" : "")
        if isUTF8 { return "UTF8SMTP" + suffix }
        return isExtended || !suffix.isEmpty ? "ESMTP" + suffix : "SMTP"
    }
}
