import COpenSSL
import MailVocabulary
import NIOCore

/// One TLS session without input and output: octets of the wire in and out, octets of the application in and out.
///
/// `TLSHandler` puts it into a channel. Tests that play the other side of an `EmbeddedChannel` use it alone: give it what the channel
/// wrote, call ``handshake()`` or ``read(into:)``, and give the channel what ``takeOutput()`` returns.
///
/// Belongs to one thread. After an error only ``takeOutput()`` is of use: it may have an alert for the other side.
public final class TLSEngine {
    /// What a call of ``read(into:)`` ended with.
    public enum ReadEnd: Hashable, Sendable {
        /// All that came in is read.
        case needsInput
        /// The other side has said that nothing more comes.
        case closeNotify
    }

    let server: ServerContext?
    let client: ClientContext?
    /// Under what a session is remembered; nil on the server side.
    let sessionKey: String?
    private let peer: PeerReference?
    private let ssl: OpaquePointer
    private let transport = TransportBIO()
    private var chainError: String?
    /// Of a certificate that something is wrong with: a handshake that failed over it has none to ask for.
    private var doubtedCertificate: CertificateFacts?

    /// The server's side.
    ///
    /// - Throws: `.unavailable` where there is no memory.
    public convenience init(server context: ServerContext) throws(TLSError) {
        try self.init(server: context, client: nil, library: context.first, peer: nil, sessionKey: nil)
        SSL_set_accept_state(ssl)
    }

    /// The client's side.
    ///
    /// - Parameters:
    ///   - peer: whom the certificate should name. A host is also sent as the server name (RFC 6066 §3).
    ///   - endpoint: tells servers apart whose sessions are remembered, such as `mail.example:25`; the peer's name where it is nil.
    /// - Throws: `.unavailable` where there is no memory.
    public convenience init(client context: ClientContext, peer: PeerReference, endpoint: String? = nil) throws(TLSError) {
        try self.init(
            server: nil, client: context, library: context.library.pointer, peer: peer,
            sessionKey: "\(endpoint ?? peer.description) \(peer)")
        SSL_set_connect_state(ssl)
        guard let parameters = SSL_get0_param(ssl), peer.require(in: parameters) else {
            throw .unavailable(reason: ErrorQueue.drain())
        }
        if case .host(let name) = peer, postern_SSL_set_tlsext_host_name(ssl, name.text) != 1 {
            throw .unavailable(reason: ErrorQueue.drain())
        }
        if let sessionKey, let session = context.sessions.session(for: sessionKey, now: .now()) {
            session.offer(on: ssl)
        }
    }

    private init(
        server: ServerContext?, client: ClientContext?, library: OpaquePointer, peer: PeerReference?, sessionKey: String?
    ) throws(TLSError) {
        ErrorQueue.clear()
        guard let ssl = SSL_new(library) else { throw .unavailable(reason: ErrorQueue.drain()) }
        (self.server, self.client, self.ssl, self.peer, self.sessionKey) = (server, client, ssl, peer, sessionKey)
        guard let bio = transport.makeBIO() else { throw .unavailable(reason: ErrorQueue.drain()) }
        SSL_set_bio(ssl, bio, bio)
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { SSL_free(ssl) }

    /// The engine that a callback of OpenSSL is about.
    static func of(_ ssl: OpaquePointer?) -> TLSEngine? {
        guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<TLSEngine>.fromOpaque(data).takeUnretainedValue()
    }

    // MARK: The wire

    /// Takes octets that have come in. They are looked at by ``handshake()`` and ``read(into:)``.
    public func receive(_ octets: ByteBuffer) { transport.append(octets) }

    /// What is to be sent now; nil if nothing is. Ask after every other call.
    public func takeOutput() -> ByteBuffer? { transport.takeOutput() }

    // MARK: The handshake

    /// Goes on with the handshake.
    ///
    /// - Returns: what was agreed on, once; nil while more has to come in.
    /// - Throws: `.handshakeFailed`, `.peerNotVerified`.
    public func handshake() throws(TLSError) -> TLSHandshake? {
        ErrorQueue.clear()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return try finished() }
        if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return nil }
        let reason = ErrorQueue.drain()
        if let chainOrNameError = verificationFailure() { throw chainOrNameError }
        if let client, let sessionKey { client.sessions.forget(sessionKey) }
        throw .handshakeFailed(reason: reason)
    }

    /// Called by the library for each thing that is wrong with the certificate; the first one counts.
    ///
    /// - Parameter certificate: the server's own.
    func noteVerification(error: Int32, of certificate: OpaquePointer?) {
        if doubtedCertificate == nil { doubtedCertificate = certificate.map { CertificateFacts($0) } }
        // The name is looked at by itself: it shall not hide what is wrong with the chain.
        if error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH { return }
        if chainError == nil { chainError = String(cString: X509_verify_cert_error_string(Int(error))) }
    }

    private func verificationFailure() -> TLSError? {
        guard let client, client.settings.verification == .required, SSL_get_verify_result(ssl) != Int(X509_V_OK) else { return nil }
        // A handshake that failed has no peer certificate to ask; what the checks said is enough.
        let verification = verification(of: SSL_get0_peer_certificate(ssl))
        return .peerNotVerified(verification, SSL_get0_peer_certificate(ssl).map { CertificateFacts($0) } ?? doubtedCertificate)
    }

    private func verification(of certificate: OpaquePointer?) -> PeerVerification {
        let result = Int32(truncatingIfNeeded: SSL_get_verify_result(ssl))
        // Of a resumed session the result is remembered, and the callback was not asked.
        let isAboutName = result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH
        if result != X509_V_OK, !isAboutName { noteVerification(error: result, of: certificate) }
        let isNamed = certificate.map { peer?.isNamed(by: $0) ?? false } ?? !isAboutName
        return PeerVerification(chainError: chainError, isNameMatching: isNamed)
    }

    private func finished() throws(TLSError) -> TLSHandshake {
        let cipher = SSL_get_current_cipher(ssl)
        let channel = SecureChannel(
            version: String(cString: SSL_get_version(ssl)), cipher: String(cString: SSL_CIPHER_get_name(cipher)),
            bits: Int(SSL_CIPHER_get_bits(cipher, nil)))
        let certificate = client == nil ? nil : SSL_get0_peer_certificate(ssl)
        let facts = certificate.map { CertificateFacts($0) }
        let verification = client == nil ? nil : verification(of: certificate)
        if let client, client.settings.verification == .required, let verification, !verification.isVerified {
            throw .peerNotVerified(verification, facts)
        }
        let minimum = server?.settings.minimumBits ?? 0
        return TLSHandshake(
            channel: channel, isResumed: SSL_session_reused(ssl) == 1, serverName: serverName, peerCertificate: facts,
            verification: verification, missedMinimumBits: channel.bits < minimum ? minimum : nil)
    }

    private var serverName: String? {
        guard let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return nil }
        // What is no host name is not repeated in logs.
        return DomainName(parsing: String(cString: name))?.text
    }

    // MARK: Application data

    /// Appends what can be read.
    ///
    /// - Throws: `.sessionFailed`; what was read before it stays in the buffer.
    public func read(into buffer: inout ByteBuffer) throws(TLSError) -> ReadEnd {
        while true {
            ErrorQueue.clear()
            var result: Int32 = 0
            // A record is at most 16 KiB, and what came in holds no more than it is long.
            let room = max(buffer.writableBytes, min(16_384, max(256, transport.waitingInput)))
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
                result = SSL_read(ssl, space.baseAddress, Int32(clamping: space.count))
                return Int(max(0, result))
            }
            if result > 0 { continue }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return .needsInput
            case SSL_ERROR_ZERO_RETURN: return .closeNotify
            default: throw .sessionFailed(reason: ErrorQueue.drain())
            }
        }
    }

    /// Encrypts all of it: ``takeOutput()`` has the records.
    ///
    /// - Throws: `.sessionFailed`, for one after ``closeOutput()``.
    public func write(_ octets: UnsafeRawBufferPointer) throws(TLSError) {
        var rest = octets[...]
        while !rest.isEmpty {
            ErrorQueue.clear()
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = SSL_write(ssl, part.baseAddress, Int32(clamping: part.count))
            guard count > 0 else { throw .sessionFailed(reason: ErrorQueue.drain()) }
            rest = rest.dropFirst(Int(count))
        }
    }

    /// Says `close_notify`: nothing more is written. What comes in can still be read.
    public func closeOutput() {
        ErrorQueue.clear()
        // Its result tells whether the other side has said it too, which reading tells as well.
        SSL_shutdown(ssl)
        ErrorQueue.clear()
    }
}
