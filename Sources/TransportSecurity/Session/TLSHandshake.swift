import MailVocabulary

/// What a finished handshake has agreed on.
public struct TLSHandshake: Hashable, Sendable {
    public let channel: SecureChannel
    /// An earlier session was taken up again; no certificate was sent.
    public let isResumed: Bool
    /// The name the client asked for (RFC 6066 §3), lower case; nil if none. On the client side the name it sent.
    public let serverName: String?
    /// The other side's certificate: always there on the client side, never on the server side, which asks for none.
    public let peerCertificate: CertificateFacts?
    /// Client side: what the checks of the certificate gave, in every mode.
    public let verification: PeerVerification?
    /// What the server's settings ask of the cipher and this one does not have (S14); nil where it is strong enough.
    public let missedMinimumBits: Int?

    /// Public for tests that play a handshake.
    public init(
        channel: SecureChannel, isResumed: Bool = false, serverName: String? = nil, peerCertificate: CertificateFacts? = nil,
        verification: PeerVerification? = nil, missedMinimumBits: Int? = nil
    ) {
        (self.channel, self.isResumed, self.serverName) = (channel, isResumed, serverName)
        (self.peerCertificate, self.verification, self.missedMinimumBits) = (peerCertificate, verification, missedMinimumBits)
    }
}
