/// What a client asks of a server's TLS.
public struct ClientSettings: Hashable, Sendable {
    /// What the certificate is for.
    public enum Verification: Hashable, Sendable {
        /// Any certificate will do; what the checks gave is reported (opportunistic and required TLS, RFC 7435).
        case reported
        /// Chain and name must be right, or the handshake fails.
        case required
    }

    public var verification: Verification
    public var trust: TrustAnchors
    public var minimumVersion: TLSVersion
    /// How many servers' sessions are remembered, to be resumed; 0 for none.
    public var rememberedSessions: Int

    public init(
        verification: Verification, trust: TrustAnchors = .system, minimumVersion: TLSVersion = .tls12, rememberedSessions: Int = 1000
    ) {
        (self.verification, self.trust) = (verification, trust)
        (self.minimumVersion, self.rememberedSessions) = (minimumVersion, rememberedSessions)
    }
}
