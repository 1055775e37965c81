import MailVocabulary

/// What protects the sessions of a virtual server, and what they must have (S13, S14).
public struct ServerTransportSecurity: Hashable, Sendable {
    public enum Mode: Hashable, Sendable {
        /// There is no TLS: STARTTLS is not known.
        case none
        /// STARTTLS (RFC 3207), for those who want it.
        case offered
        /// STARTTLS, and before it nothing but EHLO, NOOP and QUIT (S13).
        case required
        /// The connection begins with the handshake (RFC 8314 §3): the banner comes after `.secured`.
        case implicit
    }

    public let mode: Mode
    /// The weakest cipher that will do, in bits of its key (S14); nil: whatever was negotiated.
    public let minimumBits: Int?
    /// The oldest version, as a person would write it (`TLS 1.3`), for the text of refusals. The handshake itself sees to it.
    public let minimumVersion: String?

    public init(mode: Mode = .none, minimumBits: Int? = nil, minimumVersion: String? = nil) {
        (self.mode, self.minimumBits, self.minimumVersion) = (mode, minimumBits, minimumVersion)
    }

    /// Whether STARTTLS leads from clear to TLS.
    var offersStartTLS: Bool { mode == .offered || mode == .required }

    /// Why nothing may be done in clear; nil where it may (RFC 3207 §4).
    var refusalInClear: Reply? {
        guard mode == .required else { return nil }
        return Reply(530, "5.7.0", "Must issue a STARTTLS command first" + (minimumVersion.map { ", with \($0) or later" } ?? ""))
    }

    /// Why nothing may be done over this channel; nil where it will do (S14).
    func refusal(of channel: SecureChannel) -> Reply? {
        guard let minimumBits, channel.bits < minimumBits else { return nil }
        return Reply(
            530, "5.7.0",
            "This server needs an encryption of at least \(minimumBits) bits; this connection has \(channel.bits) (\(channel.cipher))")
    }
}
