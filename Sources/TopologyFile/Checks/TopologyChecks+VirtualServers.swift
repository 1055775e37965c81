import MailVocabulary
import Routing
import Topology

extension TopologyChecks {
    // MARK: Listeners

    mutating func checkListeners() {
        var seen: [(listener: Listener, server: String)] = []
        for server in topology.virtualServers {
            for listener in server.listeners {
                if let rival = seen.first(where: { Self.collide($0.listener, listener) }) {
                    report.error(
                        listener.location, "virtual_servers.\(server.name).listen",
                        "\(listener) cannot be listened on beside \(rival.listener) of `\(rival.server)` in line \(rival.listener.location.line)",
                        accepted: "each address and port once; 0.0.0.0 and [::] stand for all addresses of their family")
                }
                seen.append((listener, server.name))
            }
        }
    }

    /// IPv6 listeners take no IPv4 connections, so only those of one family can collide.
    private static func collide(_ left: Listener, _ right: Listener) -> Bool {
        guard left.port == right.port, left.address.family == right.address.family else { return false }
        return left.address == right.address || isWildcard(left.address) || isWildcard(right.address)
    }

    private static func isWildcard(_ address: IPAddress) -> Bool { address.octets.allSatisfy { $0 == 0 } }

    // MARK: One server

    mutating func check(_ server: VirtualServer) {
        checkTLS(of: server)
        checkLimits(of: server)
        checkHostNames(server.connections.access, in: server, list: ["connections", "access"])
        if case .allExcept(let entries) = server.connections.access, let all = entries.first(where: Self.matchesAll) {
            report.warning(all.location, "virtual_servers.\(server.name).connections.access", "\(all) excepts every address of its family")
        }
        if !server.reverseDNS.lookup, value("virtual_servers", server.name, "reverse_dns", "on_failure") != nil {
            let place = place("virtual_servers", server.name, "reverse_dns", "on_failure")
            report.warning(place.location, place.path, "nothing is looked up (`lookup: false`): this can never matter")
        }
        checkCoverage(in: server.connections.access, "virtual_servers.\(server.name).connections.access")
        if let settings = server.submission { check(settings, of: server) }
    }

    private mutating func checkTLS(of server: VirtualServer) {
        let implicit = server.listeners.first(where: \.implicitTLS)
        for name in server.tls.certificates {
            if topology.certificates[name] == nil, server.tls.mode != .none || implicit != nil {
                let place = place("virtual_servers", server.name, "tls", "certificate")
                let known = topology.certificates.keys.sorted().joined(separator: ", ")
                report.error(
                    place.location, place.path, "there is no certificate `\(name)` in `certificates`",
                    accepted: known.isEmpty ? "a name from `certificates`, which has none" : known)
            }
        }
        if server.tls.certificates.isEmpty, let implicit {
            report.error(
                implicit.location, "virtual_servers.\(server.name).listen", "TLS from the first octet needs a certificate",
                accepted: "a `tls` table with a certificate on this server")
        }
        checkRequiredTLS(of: server)
    }

    /// RFC 3207 §4: a server that mail from the Internet comes to must not require STARTTLS.
    private mutating func checkRequiredTLS(of server: VirtualServer) {
        let mode = place("virtual_servers", server.name, "tls", "mode")
        let isForbidden = server.tls.mode == .required && server.isReachedByStrangers
        if isForbidden, !server.tls.acknowledgesRequired {
            report.error(
                mode.location, mode.path,
                "this edge server takes mail from the Internet, and would refuse it from everyone without TLS (RFC 3207 §4)",
                accepted: "`mode: offered`; or `connections: { access: { only: [...] } }`; or, if it is really meant, "
                    + "`acknowledge_tls_required: true` in `tls`")
        } else if isForbidden {
            report.warning(mode.location, mode.path, "mail from the Internet is refused without TLS, acknowledged (RFC 3207 §4)")
        } else if server.tls.acknowledgesRequired {
            let place = place("virtual_servers", server.name, "tls", "acknowledge_tls_required")
            report.warning(place.location, place.path, "there is nothing to acknowledge here: it has no effect")
        }
    }

    private mutating func checkLimits(of server: VirtualServer) {
        let connections = server.connections
        let written = root["virtual_servers"]?[server.name]?["connections"]
        let (own, former) = (written?.entry("limit_per_network"), written?.entry("limit_per_address"))
        if let former {
            let place = place("virtual_servers", server.name, "connections", "limit_per_address")
            report.warning(
                former.keyLocation, place.path,
                own == nil
                    ? "it is called `limit_per_network` now and counts IPv6 clients by their /64"
                    : "it has no effect beside `limit_per_network`, its present name")
        }
        if let limit = connections.limit, let perNetwork = connections.limitPerNetwork, perNetwork > limit, own ?? former != nil {
            let place = place("virtual_servers", server.name, "connections", own == nil ? "limit_per_address" : "limit_per_network")
            report.warning(place.location, place.path, "it is above `limit` (\(limit)): it has no effect")
        }
        if let message = server.limits.messageSize, let session = server.limits.sessionSize, session < message {
            let place = place("virtual_servers", server.name, "limits", "session_size")
            report.warning(
                place.location, place.path,
                "it is below message_size (\(message)): after a message of \(session) or more, a connection takes no other")
        }
        if let length = server.limits.lineLength, length < SessionLimits.leastLineLength {
            let place = place("virtual_servers", server.name, "limits", "line_length")
            report.warning(
                place.location, place.path,
                "it is below \(SessionLimits.leastLineLength), which every server has to take (RFC 5321 §4.5.3.1.6): proper mail is refused"
            )
        }
    }

    /// Each entry that another one of its list covers.
    private mutating func checkCoverage(in list: HostList, _ path: String) {
        for (entry, cover) in ListCoverage.covered(in: list.entries) {
            let line = cover.location.line
            report.warning(
                entry.location, path,
                entry.pattern == cover.pattern
                    ? "`\(entry)` is written again, after line \(line): it can never matter"
                    : "`\(entry)` is covered by `\(cover)` in line \(line): it can never matter")
        }
    }

    /// Names count only when confirmed, so without a lookup they match nothing.
    private mutating func checkHostNames(_ list: HostList, in server: VirtualServer, list keys: [String]) {
        guard !server.reverseDNS.lookup else { return }
        for entry in list.entries where entry.needsHostName {
            report.error(
                entry.location, (["virtual_servers", server.name] + keys).joined(separator: "."),
                "the name `\(entry)` counts only with reverse DNS, which this server does not look up",
                accepted: "`reverse_dns: { lookup: true }` on this server, or addresses and subnets only")
        }
    }

    // MARK: Submission

    private mutating func check(_ settings: SubmissionSettings, of server: VirtualServer) {
        let methods = settings.authentication
        checkCoverage(in: settings.relay.computers, "virtual_servers.\(server.name).relay.computers")
        if methods.anonymous, !methods.canAuthenticate, settings.relay.accounts != .none {
            report.warning(
                settings.relay.accountsLocation, "virtual_servers.\(server.name).relay.accounts",
                "nobody can log in on this server: it can never matter")
        }
        if !methods.anonymous, !methods.canAuthenticate {
            report.warning(
                server.location, "virtual_servers.\(server.name)", "nobody can log in, and nobody may send without: it accepts no mail")
        }
        if let basic = methods.basic, basic.requireTLS, server.tls.mode == .none, !server.listeners.contains(where: \.implicitTLS) {
            let place = place("virtual_servers", server.name, "authentication", "basic")
            report.warning(place.location, place.path, "it requires TLS (S12), which this server does not have: nobody can use it")
        }
        checkHostNames(settings.relay.computers, in: server, list: ["relay", "computers"])
        checkOpenRelay(settings, of: server)
        if case .listed(let grant, let deny) = settings.relay.accounts {
            let denied = Set(deny.map(\.kind))
            for principal in grant where denied.contains(principal.kind) {
                report.warning(
                    principal.location, "virtual_servers.\(server.name).relay.accounts.grant",
                    "`\(principal)` is denied as well, and denying wins: this can never matter")
            }
        }
    }

    /// S20 and law 5: strangers may not relay to just anywhere unless that is said to be meant.
    private mutating func checkOpenRelay(_ settings: SubmissionSettings, of server: VirtualServer) {
        let relay = settings.relay
        let reason: String?
        switch relay.computers {
        case let computers where !OpenRelayProof.isOpen(computers): reason = nil
        case .allExcept: reason = "all computers but those listed"
        case .only: reason = "every computer (the list holds all addresses)"
        }
        let place = place("virtual_servers", server.name, "relay", "computers")
        if let reason, settings.authentication.anonymous, !relay.acknowledgeOpenRelay {
            report.error(
                place.location, place.path,
                "an open relay: this server takes mail without a login, and lets \(reason) relay to everywhere; spammers find it within hours",
                accepted: "`only` with a list; or `anonymous: false`; or, if it is really meant, `acknowledge_open_relay: true` here",
                example: transcript(of: .computers(server: server.name)))
        } else if reason != nil, settings.authentication.anonymous {
            report.warning(place.location, place.path, "an open relay, acknowledged (S20): strangers may send to everywhere")
        } else if checkSharing(of: server, at: place) {
            return
        } else if checkNeighbours(settings, of: server, at: place) {
            return
        } else if relay.acknowledgeOpenRelay {
            report.warning(place.location, "\(place.path).acknowledge_open_relay", "nothing here is open: this can never matter")
        }
    }

    /// The same where the lists of several servers leave nobody out between them.
    ///
    /// - Returns: whether there is such an opening.
    private mutating func checkSharing(of server: VirtualServer, at place: (location: SourceLocation, path: String)) -> Bool {
        for opening in openings {
            guard case .computersTogether(server.name, let others) = opening.rule else { continue }
            let names = others.map { "`\($0)`" }.joined(separator: " and ")
            let what = "this list and that of \(names) hold all addresses together, and neither server wants a login"
            say(
                opening, at: place, acknowledged: "\(what): acknowledged (S20)",
                error: "\(what): every stranger may relay to everywhere over one of them",
                accepted: "shorter lists; or `anonymous: false`; or, if it is really meant, `acknowledge_open_relay: true` here")
            return true
        }
        return false
    }

    /// The same for whoever comes through a proxy or NAT, and has the address of a gateway or bridge.
    ///
    /// - Returns: whether there is such an opening.
    private mutating func checkNeighbours(
        _ settings: SubmissionSettings, of server: VirtualServer, at place: (location: SourceLocation, path: String)
    ) -> Bool {
        if settings.authentication.anonymous, settings.relay.computers != .nobody {
            for reason in surroundings.unknown {
                report.warning(
                    place.location, place.path, "whether a gateway or bridge of this machine may relay could not be looked at: \(reason)")
            }
        }
        for opening in openings {
            guard case .neighbour(server.name, let neighbour) = opening.rule else { continue }
            let who = "\(neighbour) may relay without a login, and behind NAT or a proxy every stranger has that address"
            say(
                opening, at: place, acknowledged: "\(who): acknowledged", error: who,
                accepted:
                    "a list without that address; or `anonymous: false`; or, if no stranger can come that way, `acknowledge_open_relay: true` here"
            )
            return true
        }
        return false
    }

    private mutating func say(
        _ opening: OpenRelayOpening, at place: (location: SourceLocation, path: String), acknowledged: String, error: String,
        accepted: String
    ) {
        if opening.isAcknowledged {
            report.warning(place.location, place.path, acknowledged)
        } else {
            report.error(place.location, place.path, "an open relay: \(error)", accepted: accepted, example: opening.transcript)
        }
    }

    private static func matchesAll(_ entry: HostEntry) -> Bool {
        if case .subnet(let subnet) = entry.pattern { subnet.prefixLength == 0 } else { false }
    }
}

extension AuthenticationMethods {
    /// Whether there is any way to log in.
    fileprivate var canAuthenticate: Bool { basic != nil || challenge != nil || integrated != nil }
}

extension VirtualServer {
    /// Whether anybody on the Internet may bring mail here: an edge server that is neither for listed clients only nor on loopback alone.
    fileprivate var isReachedByStrangers: Bool {
        guard isEdge, listeners.contains(where: { !$0.address.isLoopback }) else { return false }
        return OpenRelayProof.isOpen(connections.access)
    }

    var canAuthenticate: Bool {
        submission?.authentication.canAuthenticate ?? false
    }
}
