import MailVocabulary
import TransportSecurity

/// What protects an open connection.
public struct ConnectionSecurity: Hashable, Sendable {
    public let channel: SecureChannel
    /// Whether chain and name of the server's certificate were right; asked for or not.
    public let isVerified: Bool
    /// An earlier session with the same server was taken up again.
    public let isResumed: Bool

    init(_ handshake: TLSHandshake) {
        (channel, isResumed) = (handshake.channel, handshake.isResumed)
        isVerified = handshake.verification?.isVerified ?? false
    }
}
