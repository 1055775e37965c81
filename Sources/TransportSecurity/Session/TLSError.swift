import NIOCore

/// Why a TLS session did not come about, or ended before its time.
public enum TLSError: Error, Hashable, Sendable {
    /// The other side did not finish the handshake in the time it had.
    case handshakeTimedOut(after: TimeAmount)
    /// The handshake failed, with OpenSSL's words for it: `no shared cipher`, `wrong version number`, `tlsv1 alert unknown ca`.
    case handshakeFailed(reason: String)
    /// Client side: the certificate is not what was asked for, and nothing was sent.
    case peerNotVerified(PeerVerification, CertificateFacts?)
    /// The connection ended in the middle of the handshake.
    case closedDuringHandshake
    /// After the handshake: a record that was not sent by the other side, or was damaged, or a fatal alert.
    case sessionFailed(reason: String)
    /// More than this many octets were written before the handshake was over.
    case tooMuchBeforeHandshake(limit: Int)
    /// Written after the session was closed for output.
    case outputClosed
    /// OpenSSL could not make the session or the context: no memory, or a setting that it does not take.
    case unavailable(reason: String)
}

extension TLSError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .handshakeTimedOut(let limit): "the TLS handshake was not finished in \(Double(limit.nanoseconds) / 1e9) s"
        case .handshakeFailed(let reason): "the TLS handshake failed: \(reason)"
        case .peerNotVerified(let verification, let certificate):
            "the server's certificate is not verified: \(verification)" + (certificate.map { " (\($0.subject))" } ?? "")
        case .closedDuringHandshake: "the connection ended during the TLS handshake"
        case .sessionFailed(let reason): "the TLS session failed: \(reason)"
        case .tooMuchBeforeHandshake(let limit): "more than \(limit) octets were written before the TLS handshake was over"
        case .outputClosed: "the TLS session is closed for output"
        case .unavailable(let reason): "TLS is not available: \(reason)"
        }
    }
}
