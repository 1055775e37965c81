import MailVocabulary
import Topology

extension TopologyChecks {
    mutating func check(_ connector: Connector) {
        let path = "connectors.\(connector.name)"
        guard value("connectors", connector.name)?.isTable == true else { return }
        if topology.outbound[connector.outbound] == nil, value("outbound", connector.outbound) == nil {
            let place = place("connectors", connector.name, "outbound")
            report.error(
                value("connectors", connector.name, "outbound")?.location ?? place.location, place.path,
                "there is no profile `\(connector.outbound)` in `outbound`",
                accepted: topology.outbound.keys.sorted().joined(separator: ", "))
        }
        checkRelay(of: connector, path)
        // Of a delivery that could not be read nothing follows.
        if !shape.hasErrors(in: "\(path).deliver") { checkDelivery(of: connector, path) }
        checkSameAs(of: connector, path)
        // What another connector writes is checked there.
        if connector.restrictions.sameAs == nil { checkRestrictions(of: connector, path) }
        if connector.content.sameAs == nil { checkContent(of: connector, path) }
        checkSchedule(of: connector, path)
        if let pull = connector.pull {
            for domain in pull.domains where !topology.receives(domain) && areAllDomainsKnown {
                report.error(
                    pull.location, "\(path).pull.domains", "`\(domain)` is not among `domains`: its mail would not be accepted",
                    accepted: topology.domains.keys.sorted().map(\.text).joined(separator: ", "))
            }
            if pull.from == nil, !connector.deliver.isSmartHosts {
                report.error(
                    pull.location, "\(path).pull", "without smart hosts, nothing says which server is asked",
                    accepted: "`from` with a server")
            }
        }
        if let link = connector.link,
            let program = [link.up.first, link.down?.first].compactMap({ $0 }).first(where: { !$0.hasPrefix("/") })
        {
            report.error(
                link.location, "\(path).link", "the program `\(program)` has no absolute path", accepted: "a path that begins with /")
        }
    }

    // MARK: Relay

    /// S23 and law 5.
    private mutating func checkRelay(of connector: Connector, _ path: String) {
        guard connector.relay else {
            if connector.acknowledgeOpenRelay {
                let place = place("connectors", connector.name, "acknowledge_open_relay")
                report.warning(place.location, place.path, "this connector opens no relay: it can never matter")
            }
            return
        }
        let spaces = connector.addressSpaces.map(\.pattern)
        if spaces.contains(.any) {
            if connector.restrictions.byDefault == .reject {
                report.warning(
                    connector.relayLocation, "\(path).relay",
                    "by default everyone is rejected (`restrictions`), and strangers are never accepted by name: this can never matter")
            } else if !connector.acknowledgeOpenRelay {
                report.error(
                    connector.relayLocation, "\(path).relay",
                    "an open relay: `relay: true` lets strangers send to everywhere, since an address space of this connector is `*`; "
                        + "spammers find it within hours",
                    accepted:
                        "`relay: false`, or address spaces without `*`; or, if it is really meant, `acknowledge_open_relay: true` here",
                    example: transcript(of: .connector(connector.name)))
            } else {
                report.warning(
                    connector.relayLocation, "\(path).relay", "an open relay, acknowledged (S23): strangers may send to everywhere")
            }
            return
        }
        if connector.acknowledgeOpenRelay {
            let place = place("connectors", connector.name, "acknowledge_open_relay")
            report.warning(place.location, place.path, "no address space of this connector is `*`: it can never matter")
        }
        let list = spaces.map(\.description).joined(separator: ", ")
        if !spaces.isEmpty, spaces.allSatisfy(isOurs) {
            report.warning(connector.relayLocation, "\(path).relay", "we receive mail for \(list) anyway: this can never matter")
        } else {
            report.warning(connector.relayLocation, "\(path).relay", "strangers may send to \(list) over every virtual server (S23)")
        }
    }

    private func isOurs(_ pattern: AddressSpace.Pattern) -> Bool {
        if case .exact(let name) = pattern { topology.receives(name) } else { false }
    }

    // MARK: Delivery

    private mutating func checkDelivery(of connector: Connector, _ path: String) {
        func written(_ key: String) -> SourceLocation? { root["connectors"]?[connector.name]?.entry(key)?.keyLocation }
        let deliver = value("connectors", connector.name, "deliver")
        if let entry = deliver?.entry("direct_first"), deliver?["smart_hosts"] == nil {
            report.error(
                entry.keyLocation, "\(path).deliver.direct_first", "it counts only beside `smart_hosts`", accepted: "smart_hosts with it")
        }
        if case .maildir(let template) = connector.deliver {
            if MaildirTemplate.problem(template) != nil {
                report.error(
                    deliver?["maildir"]?.location ?? connector.location, "\(path).deliver.maildir",
                    "a `..` takes `{user}` out of the path again",
                    accepted: TextKind.maildir.accepted)
            } else if !MaildirTemplate.hasDomain(template),
                connector.addressSpaces.count > 1 || connector.addressSpaces.contains(where: \.isOpen)
            {
                report.warning(
                    deliver?["maildir"]?.location ?? connector.location, "\(path).deliver.maildir",
                    "without `{domain}`, users of the same name in several domains share a Maildir")
            }
        }
        if !connector.deliver.isOutbound {
            for key in ["tls", "authentication", "helo", "link"] {
                guard let location = written(key) else { continue }
                report.warning(location, "\(path).\(key)", "this connector opens no SMTP connection: it can never matter")
            }
            return
        }
        if let authentication = connector.authentication { check(authentication, of: connector, path) }
        if connector.helo, connector.tls == .required || connector.tls == .verified {
            report.error(written("helo") ?? connector.location, "\(path).helo", "TLS needs EHLO", accepted: "false")
        }
        if connector.tls == .none, let ca = value("connectors", connector.name, "tls")?.entry("ca") {
            report.warning(ca.keyLocation, "\(path).tls.ca", "this connector has no TLS: it can never matter")
        }
    }

    // MARK: Restrictions

    private mutating func checkRestrictions(of connector: Connector, _ path: String) {
        let restrictions = connector.restrictions
        let rejected = Set(restrictions.rejectFrom.map(\.kind))
        switch restrictions.byDefault {
        case .accept:
            if let first = restrictions.acceptFrom.first {
                report.warning(
                    first.location, "\(path).restrictions.accept_from", "everyone is accepted by default: this list can never matter")
            }
        case .reject:
            if let first = restrictions.acceptFrom.first, !topology.virtualServers.contains(where: \.canAuthenticate) {
                report.warning(
                    first.location, "\(path).restrictions.accept_from",
                    "it matches who is logged in, and no virtual server lets anyone log in: this list can never matter")
            }
            if restrictions.acceptFrom.isEmpty {
                report.warning(restrictions.location, "\(path).restrictions", "everyone is rejected: this connector carries no mail")
            }
            for principal in restrictions.acceptFrom where rejected.contains(principal.kind) {
                report.warning(
                    principal.location, "\(path).restrictions.accept_from",
                    "`\(principal)` is rejected as well, and rejecting wins: this can never matter")
            }
            if !restrictions.rejectFrom.isEmpty, restrictions.acceptFrom.isEmpty {
                report.warning(
                    restrictions.rejectFrom[0].location, "\(path).restrictions.reject_from",
                    "everyone is rejected by default: this list can never matter")
            }
        }
    }

    /// E15 beside E01.
    private mutating func checkContent(of connector: Connector, _ path: String) {
        let sizes = topology.virtualServers.compactMap(\.limits.messageSize)
        guard let maximum = connector.content.maximumSize, let largest = sizes.max(), sizes.count == topology.virtualServers.count,
            largest < maximum
        else { return }
        let place = place("connectors", connector.name, "content", "maximum_size")
        report.warning(place.location, place.path, "no virtual server takes messages over \(largest): it can never matter")
    }

    private mutating func checkSchedule(of connector: Connector, _ path: String) {
        guard let oversize = connector.schedule.oversize, let maximum = connector.content.maximumSize, oversize.over >= maximum else {
            return
        }
        let place = place("connectors", connector.name, "schedule", "oversize")
        report.warning(place.location, place.path, "messages over \(maximum) do not go over this connector: it can never matter")
    }

    // MARK: Address spaces

    mutating func checkAddressSpaces() {
        var holders: [AddressSpace.Pattern: [String]] = [:]
        for connector in topology.connectors {
            var lines: [AddressSpace.Pattern: Int] = [:]
            for space in connector.addressSpaces {
                if let line = lines[space.pattern] {
                    // By its place: elements that could not be read are not among them.
                    let written = value("connectors", connector.name, "address_spaces")?.elements ?? []
                    let element = written.first { $0.location == space.location }
                    report.error(
                        space.location, element?.path ?? "connectors.\(connector.name).address_spaces",
                        "the address space `\(space.pattern)` is written again, after line \(line)", accepted: "each address space once")
                } else {
                    lines[space.pattern] = space.location.line
                    holders[space.pattern, default: []].append(connector.name)
                }
            }
        }
        for connector in topology.connectors {
            let written = value("connectors", connector.name, "address_spaces")?.elements ?? []
            // With an error in one of them, warnings are not told.
            for (space, element) in zip(connector.addressSpaces, written) {
                guard let cost = element.entry("cost"), holders[space.pattern]?.count == 1 else { continue }
                report.warning(
                    cost.keyLocation, cost.value.path,
                    "no other connector has the address space `\(space.pattern)`: a cost can never matter")
            }
        }
    }

    /// An authoritative domain whose mail would leave by the general route.
    mutating func checkCoverage() {
        // An address space that could not be read may be the one.
        guard areAllAddressSpacesKnown else { return }
        let patterns = topology.connectors.flatMap(\.addressSpaces).map(\.pattern)
        for domain in topology.domains.values where !shape.hasErrors(in: "domains.\(domain.name)") {
            let isCovered = patterns.contains { pattern in
                switch pattern {
                case .any: false
                case .exact(let name): name == domain.name
                case .below(let name): domain.name.isBelow(name)
                }
            }
            if isCovered { continue }
            let hasGeneral = patterns.contains(.any)
            if case .authoritative = domain.kind {
                report.error(
                    domain.location, "domains.\(domain.name)",
                    hasGeneral
                        ? "only the address space `*` covers this authoritative domain: its mail would leave by the general route"
                        : "no connector covers this authoritative domain: its mail could not be delivered",
                    accepted: "a connector with the address space `\(domain.name)`")
            } else if !hasGeneral {
                report.warning(domain.location, "domains.\(domain.name)", "no connector covers this domain: mail for it is refused")
            }
        }
    }

    private var areAllAddressSpacesKnown: Bool {
        guard let connectors = root["connectors"], !connectors.entries.isEmpty else { return false }
        return connectors.entries.allSatisfy { entry in
            guard let spaces = entry.value["address_spaces"], !spaces.elements.isEmpty else { return false }
            return spaces.elements.allSatisfy { $0["domain"]?.text != nil }
        }
    }

    private var areAllDomainsKnown: Bool {
        guard let domains = root["domains"] else { return !shape.hasErrors(in: "domains") }
        return domains.isTable && domains.entries.allSatisfy { Hosts.mailDomain($0.key) != nil }
    }

    // MARK: Profiles

    mutating func check(_ profile: OutboundProfile, named name: String) {
        guard value("outbound", name) != nil, !shape.hasErrors(in: "outbound.\(name)") else { return }
        if let limit = profile.connections.limit, let perDomain = profile.connections.limitPerDomain, perDomain > limit {
            let place = place("outbound", name, "connections", "limit_per_domain")
            report.error(
                place.location, place.path, "limit_per_domain (\(perDomain)) is above limit (\(limit)) (S05)", accepted: "at most \(limit)")
        }
        if let limit = profile.connections.limit, limit > Self.mostOutgoingConnections,
            value("outbound", name, "connections", "limit") != nil
        {
            let place = place("outbound", name, "connections", "limit")
            report.warning(
                place.location, place.path,
                "postern-delivery opens at most \(Self.mostOutgoingConnections) connections in all: more can never matter")
        }
        if let notification = profile.delayNotification, notification >= profile.expiration,
            value("outbound", name, "delay_notification") != nil
        {
            let place = place("outbound", name, "delay_notification")
            report.warning(
                place.location, place.path,
                "mail expires after \(DurationText.describe(profile.expiration)), before that: it can never matter")
        }
        if profile.retry.first >= profile.expiration {
            let place =
                value("outbound", name, "retry", "first") == nil
                ? place("outbound", name, "expiration") : place("outbound", name, "retry", "first")
            report.warning(
                place.location, place.path,
                "mail expires (\(DurationText.describe(profile.expiration))) before the first retry "
                    + "(\(DurationText.describe(profile.retry.first)))")
        }
        let source = profile.source
        if source.family == .ipv4 && value("outbound", name, "source", "ipv6") != nil {
            report.warning(
                place("outbound", name, "source", "ipv6").location, "outbound.\(name).source.ipv6",
                "the family is ipv4: it can never matter")
        }
        if source.family == .ipv6 && value("outbound", name, "source", "ipv4") != nil {
            report.warning(
                place("outbound", name, "source", "ipv4").location, "outbound.\(name).source.ipv4",
                "the family is ipv6: it can never matter")
        }
    }
}

extension DeliveryMethod {
    fileprivate var isSmartHosts: Bool {
        if case .smartHosts = self { true } else { false }
    }

    /// Whether it opens SMTP connections.
    fileprivate var isOutbound: Bool {
        switch self {
        case .smartHosts, .dns: true
        case .maildir, .lmtp, .held: false
        }
    }
}

extension AddressSpace {
    /// Whether it covers more than one domain.
    fileprivate var isOpen: Bool {
        if case .exact = pattern { false } else { true }
    }
}
