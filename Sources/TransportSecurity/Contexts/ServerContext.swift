import COpenSSL
import MailVocabulary

/// What all TLS sessions of a listener share: identities, settings and the keys of tickets. Never changes.
public final class ServerContext: Sendable {
    public let identities: [ServerIdentity]
    public let settings: ServerSettings
    public let ticketKeys: TicketKeys
    /// One for each identity, in their order.
    private let contexts: [LibraryContext]
    private let hosts: [String: Int]
    private let wildcards: [String: Int]

    /// - Parameters:
    ///   - identities: the first one is shown where the client names no host, or none that a later one is for.
    ///   - ticketKeys: those of the context that this one replaces, so that its sessions can be resumed here.
    /// - Throws: `.unavailable` where OpenSSL does not take a pair (a weak key, for one) or has no memory.
    public init(
        identities: [ServerIdentity], settings: ServerSettings = ServerSettings(), ticketKeys: TicketKeys = TicketKeys()
    ) throws(TLSError) {
        guard !identities.isEmpty else { throw .unavailable(reason: "a server needs a certificate") }
        (self.identities, self.settings, self.ticketKeys) = (identities, settings, ticketKeys)
        var contexts: [LibraryContext] = []
        var hosts: [String: Int] = [:]
        var wildcards: [String: Int] = [:]
        for (index, identity) in identities.enumerated() {
            contexts.append(try Self.context(for: identity, settings, ticketKeys))
            // Of two identities for one name the earlier one has it.
            for name in identity.names {
                switch name {
                case .host(let host): hosts[host.text] = hosts[host.text] ?? index
                case .wildcard(let parent): wildcards[parent.text] = wildcards[parent.text] ?? index
                case .address: break
                }
            }
        }
        (self.contexts, self.hosts, self.wildcards) = (contexts, hosts, wildcards)
    }

    public convenience init(_ pair: CertificatePair, settings: ServerSettings = ServerSettings()) throws(TLSError) {
        try self.init(identities: [ServerIdentity(pair)], settings: settings)
    }

    /// The same with other certificates; sessions of this one can be resumed there.
    public func replacing(identities: [ServerIdentity]) throws(TLSError) -> ServerContext {
        try ServerContext(identities: identities, settings: settings, ticketKeys: ticketKeys)
    }

    /// Which identity a client that asks for this name sees.
    ///
    /// - Returns: nil: none is for it, the first one is shown.
    func identity(for serverName: String) -> Int? {
        guard let name = DomainName(parsing: serverName) else { return nil }
        return hosts[name.text] ?? name.parent.flatMap { wildcards[$0.text] }
    }

    var first: OpaquePointer { contexts[0].pointer }

    fileprivate func select(for serverName: String, _ ssl: OpaquePointer) -> Bool {
        guard let index = identity(for: serverName) else { return false }
        return index == 0 || SSL_set_SSL_CTX(ssl, contexts[index].pointer) != nil
    }

    private static func context(
        for identity: ServerIdentity, _ settings: ServerSettings, _ ticketKeys: TicketKeys
    ) throws(TLSError) -> LibraryContext {
        let context = try LibraryContext(isServer: true, minimumVersion: settings.minimumVersion, securityLevel: 2)
        for pair in identity.pairs { try context.use(pair) }
        try context.check(postern_SSL_CTX_set_dh_auto(context.pointer, 1))
        // A client knows best which of the good ciphers is fast on it. Where strength is asked for, strength comes first.
        if settings.minimumBits > 128 { SSL_CTX_set_options(context.pointer, LibraryContext.Options.cipherServerPreference) }
        // Sessions are kept by the clients, in tickets: nothing gathers here.
        _ = postern_SSL_CTX_set_session_cache_mode(context.pointer, Int(SSL_SESS_CACHE_OFF))
        try context.check(SSL_CTX_set_session_id_context(context.pointer, Array("postern".utf8), 7))
        SSL_CTX_set_timeout(context.pointer, Int(ticketKeys.period.components.seconds))
        try context.check(SSL_CTX_set_tlsext_ticket_key_evp_cb(context.pointer, ticketCallback))
        postern_SSL_CTX_set_tlsext_servername_callback(context.pointer, serverNameCallback)
        return context
    }
}

private let serverNameCallback: @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
    ssl, _, _ in
    guard let ssl, let context = TLSEngine.of(ssl)?.server, let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
        return SSL_TLSEXT_ERR_NOACK
    }
    return context.select(for: String(cString: name), ssl) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
}
