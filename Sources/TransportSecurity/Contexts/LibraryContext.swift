import COpenSSL

/// An `SSL_CTX` with what server and client have in common.
///
/// Unchecked: it is set up before anyone else sees it, and OpenSSL's sessions read it under locks of its own.
final class LibraryContext: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Throws: `.unavailable`.
    init(isServer: Bool, minimumVersion: TLSVersion, securityLevel: Int32) throws(TLSError) {
        ErrorQueue.clear()
        guard let pointer = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw .unavailable(reason: ErrorQueue.drain())
        }
        self.pointer = pointer
        SSL_CTX_set_security_level(pointer, securityLevel)
        try check(postern_SSL_CTX_set_min_proto_version(pointer, minimumVersion.number))
        try check(SSL_CTX_set_cipher_list(pointer, isServer ? CipherSuites.tls12Server : CipherSuites.tls12Client))
        try check(SSL_CTX_set_ciphersuites(pointer, CipherSuites.tls13))
        try check(postern_SSL_CTX_set1_groups_list(pointer, CipherSuites.groups))
        // Renegotiation has no use in mail and a history of attacks (RFC 5746); compression tells lengths (CRIME).
        SSL_CTX_set_options(pointer, Options.noRenegotiation | Options.noCompression)
        // Buffers of a session exist only while a record is under way: idle sessions are many.
        _ = postern_SSL_CTX_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN) | Int(SSL_MODE_AUTO_RETRY))
        SSL_CTX_set_max_early_data(pointer, 0)
    }

    /// `SSL_OP_…` of ssl.h, which are macros with a call in them.
    enum Options {
        static let noCompression: UInt64 = 1 << 17
        static let cipherServerPreference: UInt64 = 1 << 22
        static let noRenegotiation: UInt64 = 1 << 30
    }

    deinit { SSL_CTX_free(pointer) }

    func check(_ result: Int32) throws(TLSError) {
        guard result == 1 else { throw .unavailable(reason: ErrorQueue.drain()) }
    }

    func use(_ pair: CertificatePair) throws(TLSError) {
        guard let chain = postern_X509_stack_new() else { throw .unavailable(reason: ErrorQueue.drain()) }
        defer { postern_X509_stack_free(chain) }
        for intermediate in pair.intermediates { _ = postern_X509_stack_push(chain, intermediate.pointer) }
        try check(SSL_CTX_use_cert_and_key(pointer, pair.certificate.pointer, pair.key.pointer, chain, 1))
    }
}
