import CUnbound
import TrustedFiles

/// A configured libunbound context, not yet in use.
///
/// Invariant for `@unchecked Sendable`: whoever holds it hands it on and lets go; exactly one thread, the one that
/// runs ``LookupEngine``, calls libunbound with it after ``init(settings:)`` and deletes it.
struct UnboundContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Those that are asked, for people.
    private(set) var servers: [String] = []
    /// What of the system's settings was passed over, for administrators.
    private(set) var notes: [String] = []

    /// - Throws: ``ResolverError`` for a setting that libunbound refuses or a file it cannot read.
    init(settings: ResolverSettings) throws(ResolverError) {
        guard let pointer = ub_ctx_create() else { throw .libunbound(call: "ub_ctx_create", reason: "out of memory or descriptors") }
        self.pointer = pointer
        do {
            try configure(settings)
        } catch {
            ub_ctx_delete(pointer)
            throw error
        }
    }

    private mutating func configure(_ settings: ResolverSettings) throws(ResolverError) {
        // Its messages would go to standard error, between the lines of our own log; results and errors come back as values.
        try check(ub_ctx_debugout(pointer, nil), "ub_ctx_debugout")
        try check(ub_ctx_async(pointer, 1), "ub_ctx_async")
        for (option, value) in Self.options { try check(ub_ctx_set_option(pointer, option, value), "\(option) \(value)") }
        if settings.servers.isEmpty {
            try configureSystemServers(settings)
        } else {
            for server in settings.servers {
                let text = "\(server.address)@\(server.port)"
                try check(ub_ctx_set_fwd(pointer, text), "server \(text)")
                servers.append(text)
            }
        }
        if case .trustAnchor(let file) = settings.validation {
            // libunbound reads it later, and could only say that its initialization failed.
            _ = try SmallFile.content(of: file)
            try check(ub_ctx_add_ta_file(pointer, file), "trust anchor \(file)")
        }
        // The first of these ends the configuration: nothing that sets an option may follow.
        let zones = settings.servers.isEmpty ? Self.zonesOfTheNetwork : Self.zonesOfTheNetwork + Self.zonesOfTheMachine
        for zone in zones { try check(ub_ctx_zone_remove(pointer, zone), "ub_ctx_zone_remove \(zone)") }
    }

    /// The system's servers. There is always one: without any, libunbound would ask the root servers, which nobody wanted.
    private mutating func configureSystemServers(_ settings: ResolverSettings) throws(ResolverError) {
        // Whatever is wrong with the file, mail has to go out: the notes say that it could not be read.
        let content = (try? TrustedFile.read(settings.systemFile, limit: ResolvConf.maximumSize))?.octets
        let system = ResolvConf(parsing: content, file: settings.systemFile)
        notes = system.notes
        for server in system.servers {
            if ub_ctx_set_fwd(pointer, "\(server)@\(settings.systemPort)") == UB_NOERROR.rawValue {
                servers.append(server)
            } else {
                notes.append("\(settings.systemFile): the resolver library cannot ask \(server); it is passed over")
            }
        }
        guard servers.isEmpty else { return }
        try check(ub_ctx_set_fwd(pointer, "127.0.0.1@\(settings.systemPort)"), "server 127.0.0.1")
        servers = ["127.0.0.1"]
        notes.append("\(settings.systemFile): no name server is left: 127.0.0.1 is asked")
    }

    private func check(_ result: Int32, _ call: String) throws(ResolverError) {
        guard result != UB_NOERROR.rawValue else { return }
        throw .libunbound(call: call, reason: Self.message(result))
    }

    static func message(_ error: Int32) -> String { ub_strerror(error).map { String(cString: $0) } ?? "error \(error)" }

    private static let options = [
        // A resolver on the same machine is the usual one.
        ("do-not-query-localhost:", "no"),
        // The library's default of 16 questions at once lets a few dead name servers delay everyone's lookups.
        ("outgoing-range:", "2048"),
        ("outgoing-num-tcp:", "32"),
        ("msg-cache-size:", "4m"),
        ("rrset-cache-size:", "8m"),
        // A server that was down is asked again soon: by default it could stay written off for 15 minutes.
        ("infra-host-ttl:", "30"),
        ("infra-keep-probing:", "yes"),
    ]

    /// Zones that libunbound answers itself unless told otherwise, and that a network's own servers can know: private
    /// reverse zones (RFC 6303, RFC 6598), documentation prefixes and `home.arpa` (RFC 8375).
    static let zonesOfTheNetwork =
        ["home.arpa.", "10.in-addr.arpa.", "168.192.in-addr.arpa.", "0.in-addr.arpa.", "254.169.in-addr.arpa."]
        + ["2.0.192.in-addr.arpa.", "100.51.198.in-addr.arpa.", "113.0.203.in-addr.arpa.", "255.255.255.255.in-addr.arpa."]
        + (16...31).map { "\($0).172.in-addr.arpa." } + (64...127).map { "\($0).100.in-addr.arpa." }
        + [String(repeating: "0.", count: 32) + "ip6.arpa.", "d.f.ip6.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa."]
        + ["8", "9", "a", "b"].map { "\($0).e.f.ip6.arpa." }

    /// Zones whose answer never depends on the network (RFC 6761, RFC 7686, RFC 9462); asked for only where the
    /// configuration names the servers, which then answer everything.
    static let zonesOfTheMachine = [
        "localhost.", "test.", "invalid.", "onion.", "resolver.arpa.", "service.arpa.", "127.in-addr.arpa.",
        "1." + String(repeating: "0.", count: 31) + "ip6.arpa.",
    ]
}
