import COpenSSL

/// What all TLS sessions of a client with the same settings share: trust anchors, and the sessions that can be resumed.
public final class ClientContext: Sendable {
    public let settings: ClientSettings
    let library: LibraryContext
    let sessions: SessionCache

    /// - Throws: `.unavailable` where trust anchors cannot be read.
    public init(_ settings: ClientSettings) throws(TLSError) {
        self.settings = settings
        sessions = SessionCache(limit: settings.rememberedSessions)
        // Where anything is better than clear text, an old key is, too. Level 1 still refuses what anyone can break (RSA below 1024 bits).
        library = try LibraryContext(
            isServer: false, minimumVersion: settings.minimumVersion, securityLevel: settings.verification == .required ? 2 : 1)
        try settings.trust.load(into: library)
        // Always VERIFY_PEER, and the callback decides: it sees every finding of the checks.
        SSL_CTX_set_verify(library.pointer, SSL_VERIFY_PEER, verifyCallback)
        let mode = settings.rememberedSessions > 0 ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF
        _ = postern_SSL_CTX_set_session_cache_mode(library.pointer, Int(mode))
        SSL_CTX_sess_set_new_cb(library.pointer, newSessionCallback)
    }
}

private let verifyCallback: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, store in
    guard let engine = TLSEngine.of(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()).map(OpaquePointer.init))
    else { return 0 }
    if isGood == 1 { return 1 }
    engine.noteVerification(error: X509_STORE_CTX_get_error(store), of: X509_STORE_CTX_get0_cert(store))
    return engine.client?.settings.verification == .required ? 0 : 1
}

private let newSessionCallback: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
    guard let session, let engine = TLSEngine.of(ssl), let client = engine.client, let key = engine.sessionKey else { return 0 }
    if let session = RememberedSession(session) { client.sessions.remember(session, for: key) }
    // 0: the reference stays the library's.
    return 0
}
