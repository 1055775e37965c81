import MailVocabulary
import SMTPProtocol
import TransportSecurity

/// The TLS that connections to one host have (RFC 3207).
public struct OutgoingTLS: Sendable {
    /// With what settings, and which sessions can be resumed. One that verifies makes a connection mandatory.
    public let context: ClientContext
    /// Whom the certificate should name.
    public let peer: PeerReference
    /// Nothing goes in clear.
    public let isMandatory: Bool

    public init(context: ClientContext, peer: PeerReference, isMandatory: Bool) {
        (self.context, self.peer) = (context, peer)
        self.isMandatory = isMandatory || context.settings.verification == .required
    }

    var mode: SMTPProtocol.ClientSettings.TransportSecurity {
        if context.settings.verification == .required { return .verified }
        return isMandatory ? .required : .opportunistic
    }
}

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

extension TLSError {
    /// Why a client has no TLS, to stand behind "the TLS handshake failed: ".
    func reason(to peer: PeerReference) -> String {
        switch self {
        case .handshakeFailed(let reason): return reason
        case .peerNotVerified(let verification, let certificate):
            let findings = [
                verification.chainError, verification.isNameMatching ? nil : "it is not for \(peer)" + (certificate?.namesText ?? ""),
            ]
            let issuer = certificate.map { " (issued by \($0.issuer))" } ?? ""
            return "the certificate is not accepted: \(findings.compactMap { $0 }.joined(separator: "; "))\(issuer)"
        case .handshakeTimedOut, .closedDuringHandshake, .sessionFailed, .tooMuchBeforeHandshake, .outputClosed, .unavailable:
            return "\(self)"
        }
    }
}

extension CertificateFacts {
    /// ` but for a.example, b.example`: enough of them to see what is wrong.
    fileprivate var namesText: String {
        names.isEmpty ? ", and names nobody" : " but for " + names.prefix(5).map { "\($0)" }.joined(separator: ", ")
    }
}
