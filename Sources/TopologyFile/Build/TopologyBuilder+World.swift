import MailVocabulary
import Topology

extension TopologyBuilder {
    func runAs(_ value: Value?) -> RunAs {
        var accounts: [Role: RunAs.Account] = [:]
        for entry in value?.entries ?? [] {
            if let role = Role(rawValue: entry.key), let name = entry.value.text {
                accounts[role] = RunAs.Account(name: name, location: entry.value.location)
            }
        }
        return RunAs(accounts: accounts)
    }

    func domains(_ value: Value?) -> [ReceivingDomain] {
        (value?.entries ?? []).compactMap { entry in
            guard let name = Hosts.mailDomain(entry.key), entry.value["alias_of"] == nil else { return nil }
            var kind = ReceivingDomain.Kind.authoritative
            if entry.value.text == "shared" {
                kind = .shared(unknownTo: nil)
            } else if let shared = entry.value["shared"] {
                kind = .shared(unknownTo: smartHost(shared["unknown_to"]))
            }
            return ReceivingDomain(name: name, kind: kind, location: entry.keyLocation)
        }
    }

    static func domainAliases(_ value: Value?) -> [DomainAlias] {
        (value?.entries ?? []).compactMap { entry in
            guard let name = Hosts.mailDomain(entry.key), let target = entry.value["alias_of"]?.text.flatMap({ Hosts.mailDomain($0) })
            else {
                return nil
            }
            return DomainAlias(name: name, target: target, location: entry.keyLocation)
        }
    }

    func postmaster(_ value: Value?) -> Postmaster? {
        guard let value, let address = value.text.flatMap({ Principals.address($0, defaultDomain: defaultDomain) }) else { return nil }
        return Postmaster(domainAliases.meant(by: address), location: value.location)
    }

    func budgets(_ value: Value?) -> BudgetSettings {
        func subnet(_ value: Value?) -> Subnet? { value?.text.flatMap { Subnet(parsing: $0) } }
        let share = value?["share"]?.text
        return BudgetSettings(
            share: share.map(TextKind.percent) ?? BudgetSettings.defaultShare,
            exempt: (value?["exempt"]?.elements ?? []).compactMap(subnet),
            larger: (value?["larger"]?.elements ?? []).compactMap { entry in
                guard let from = subnet(entry["from"]), let factor = entry["factor"]?.integer else { return nil }
                return .init(from, factor: factor)
            })
    }

    func permissions(_ value: Value?) -> Permissions {
        let receive = (value?["receive"]?.elements ?? []).map { entry in
            let senders: Permissions.Receive.Senders =
                switch entry["from"]?.text {
                case "everyone": .everyone
                case "authenticated": .authenticated
                default: .listed(principals(entry["from"]))
                }
            return Permissions.Receive(recipients: principals(entry["to"]), senders: senders, location: entry.location)
        }
        let sendAs = (value?["send_as"]?.elements ?? []).map { entry in
            Permissions.SendAs(
                accounts: principals(entry["who"]),
                addresses: (entry["addresses"]?.elements ?? []).compactMap { $0.text.flatMap { EmailAddress(parsing: $0) } },
                location: entry.location)
        }
        return Permissions(receive: receive, sendAs: sendAs, checksHeader: value?["check_header"]?.boolean ?? false)
    }

    func certificates(_ value: Value?) -> [String: ConfiguredCertificate] {
        var certificates: [String: ConfiguredCertificate] = [:]
        for entry in value?.entries ?? [] {
            certificates[entry.key] = ConfiguredCertificate(
                certificate: path(entry.value["certificate"]) ?? "", key: path(entry.value["key"]) ?? "", location: entry.keyLocation)
        }
        return certificates
    }

    func resolver(_ value: Value?) -> Resolver {
        var dnssec = Resolver.DNSSEC.systemTrustAnchor
        if value?["dnssec"]?.text == "off" {
            dnssec = .off
        } else if let file = path(value?["dnssec"]?["trust_anchor"]) {
            dnssec = .trustAnchor(file: file)
        }
        return Resolver(
            servers: (value?["servers"]?.elements ?? []).compactMap { $0.text.flatMap { Hosts.nameServer($0) } }, dnssec: dnssec,
            hostsFile: path(value?["hosts_file"]))
    }

    func identity(_ value: Value?) -> Identity {
        let failures = value?["failures"]
        let defaults = Identity.Failures()
        return Identity(
            saslauthdSocket: path(value?["saslauthd"]?["socket"]), ntlmServer: domain(value?["ntlm_server"]),
            recoverableSecretsKey: path(value?["recoverable_secrets"]?["key"]),
            iterations: value?["iterations"]?.integer ?? Identity.defaultIterations,
            passwordCache: value?["password_cache"]?.boolean ?? true,
            failures: Identity.Failures(
                delay: failures?["delay"]?.duration ?? defaults.delay,
                maximumDelay: failures?["maximum_delay"]?.duration ?? defaults.maximumDelay,
                lockAfter: (failures?["lock_after"]).limit(default: defaults.lockAfter),
                lockFor: failures?["lock_for"]?.duration ?? defaults.lockFor))
    }

    func reports(_ value: Value?, stateDirectory: String) -> Reports {
        Reports(
            copyTo: value?["copy_to"]?.text.flatMap { $0 == "none" ? nil : EmailAddress(parsing: $0) },
            badmailDirectory: FilePath.absolute(value?["badmail"]?.text ?? "badmail", in: stateDirectory))
    }

    func logs(_ value: Value?) -> LogSettings {
        LogSettings(
            level: choice(value?["level"], default: .info), format: value?["format"]?.text.flatMap { LogSettings.Format(rawValue: $0) },
            protocolLog: path(value?["protocol"]?["directory"]).map {
                LogSettings.ProtocolLog(format: choice(value?["protocol"]?["format"], default: .w3c), directory: $0)
            })
    }

    // MARK: Outbound

    /// What a profile does not say is as in `default`, and what that does not say has its own default.
    func profiles(_ value: Value?) -> [OutboundProfile] {
        let name = OutboundProfile.defaultName
        let standard = profile(name, value?.entry(name), basedOn: OutboundProfile())
        let others = (value?.entries ?? []).filter { $0.key != name }
        return [standard] + others.map { profile($0.key, $0, basedOn: standard) }
    }

    private func profile(_ name: String, _ entry: Value.Entry?, basedOn base: OutboundProfile) -> OutboundProfile {
        let value = entry?.value
        let connections = value?["connections"]
        let limit = (connections?["limit"]).limit(default: base.connections.limit)
        var limitPerDomain = (connections?["limit_per_domain"]).limit(default: base.connections.limitPerDomain)
        if connections?["limit_per_domain"] == nil, let limit, let inherited = limitPerDomain {
            // Nobody wrote that it should be more.
            limitPerDomain = min(inherited, limit)
        }
        let source = value?["source"]
        let retry = value?["retry"]
        let masquerade = value?["masquerade_domain"]
        return OutboundProfile(
            name: name, location: entry?.keyLocation ?? .builtIn,
            connections: OutboundConnections(
                limit: limit, limitPerDomain: limitPerDomain, timeout: connections?["timeout"]?.duration ?? base.connections.timeout,
                port: connections?["port"]?.integer ?? base.connections.port,
                messagesPerConnection: (connections?["messages_per_connection"]).limit(default: base.connections.messagesPerConnection)),
            source: OutboundSource(
                ipv4: address(source?["ipv4"]) ?? base.source.ipv4, ipv6: address(source?["ipv6"]) ?? base.source.ipv6,
                family: choice(source?["family"], default: base.source.family)),
            retry: RetryIntervals(
                glitch: GlitchRetry(
                    count: retry?["glitch"]?["count"]?.integer ?? base.retry.glitch.count,
                    interval: retry?["glitch"]?["interval"]?.duration ?? base.retry.glitch.interval),
                first: retry?["first"]?.duration ?? base.retry.first, second: retry?["second"]?.duration ?? base.retry.second,
                third: retry?["third"]?.duration ?? base.retry.third,
                subsequent: retry?["subsequent"]?.duration ?? base.retry.subsequent),
            delayNotification: (value?["delay_notification"]).duration(default: base.delayNotification),
            expiration: value?["expiration"]?.duration ?? base.expiration,
            masqueradeDomain: masquerade == nil ? base.masqueradeDomain : masquerade?.text == "none" ? nil : domain(masquerade))
    }
}
