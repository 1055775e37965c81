import MailVocabulary
import Topology

extension TopologyBuilder {
    func connector(_ entry: Value.Entry) -> Connector? {
        let value = entry.value
        guard value.isTable else { return nil }
        return Connector(
            name: entry.key, location: entry.keyLocation,
            addressSpaces: (value["address_spaces"]?.elements ?? []).compactMap { space in
                space["domain"]?.text.flatMap { Hosts.addressSpace($0) }.map {
                    AddressSpace($0, cost: space["cost"]?.integer ?? 1, location: space.location)
                }
            },
            deliver: deliver(value), relay: value["relay"]?.boolean ?? false, relayLocation: value.entry("relay")?.keyLocation,
            acknowledgeOpenRelay: value["acknowledge_open_relay"]?.boolean ?? false, restrictions: restrictions(value["restrictions"]),
            content: content(value["content"]), schedule: schedule(value["schedule"]),
            tls: choice(value["tls"]?["mode"], default: .opportunistic),
            certificateAuthorities: path(value["tls"]?["ca"]), authentication: value["authentication"].map(authentication),
            helo: value["helo"]?.boolean ?? false, outbound: value["outbound"]?.text ?? OutboundProfile.defaultName,
            pull: value["pull"].map(pull), link: value["link"].map(link))
    }

    private func authentication(_ value: Value) -> ClientAuthentication {
        let credential: ClientAuthentication.Credential =
            if let cache = path(value["credentials_cache"]) { .ticket(cache: cache) } else {
                .password(user: value["user"]?.text ?? "", file: path(value["password_file"]) ?? "")
            }
        return ClientAuthentication(credential, isAllowedInClear: value["in_clear"]?.boolean ?? false, location: value.location)
    }

    private func deliver(_ connector: Value) -> DeliveryMethod {
        if let holdFor = connector["hold_for"] {
            return .held(
                HoldFor(
                    accounts: (holdFor["accounts"]?.elements ?? []).compactMap {
                        $0.text.flatMap { Principals.address($0, defaultDomain: defaultDomain) }
                    }, methods: choices(holdFor["methods"]).map(Set.init) ?? [.etrn, .atrn], location: holdFor.location))
        }
        let value = connector["deliver"]
        if let template = path(value?["maildir"]) { return .maildir(pathTemplate: template) }
        if let target = value?["lmtp"]?.text.flatMap({ Hosts.lmtp($0, folder: folder) }) { return .lmtp(target) }
        if let hosts = value?["smart_hosts"] {
            return .smartHosts(hosts.elements.compactMap { smartHost($0) }, directFirst: value?["direct_first"]?.boolean ?? false)
        }
        return .dns
    }

    /// What another connector writes, where `same_as` names one; checks say where it names none.
    private func shared(_ value: Value, _ key: String) -> (value: Value?, sameAs: SameAs)? {
        guard let name = value["same_as"] else { return nil }
        let other = name.text.flatMap { root["connectors"]?[$0]?[key] }
        return (other?["same_as"] == nil ? other : nil, SameAs(name.text ?? "", location: name.location))
    }

    private func restrictions(_ value: Value?, sameAs: SameAs? = nil) -> Restrictions {
        guard let value else { return Restrictions(location: sameAs?.location ?? .builtIn, sameAs: sameAs) }
        if let (other, sameAs) = shared(value, "restrictions") { return restrictions(other, sameAs: sameAs) }
        return Restrictions(
            byDefault: choice(value["default"], default: .accept), acceptFrom: principals(value["accept_from"]),
            rejectFrom: principals(value["reject_from"]), location: value.location, sameAs: sameAs)
    }

    private func content(_ value: Value?, sameAs: SameAs? = nil) -> ContentRestrictions {
        guard let value else { return ContentRestrictions(location: sameAs?.location ?? .builtIn, sameAs: sameAs) }
        if let (other, sameAs) = shared(value, "content") { return content(other, sameAs: sameAs) }
        return ContentRestrictions(
            maximumSize: value["maximum_size"].size(default: nil),
            priorities: choices(value["priorities"]).map(Set.init) ?? ContentRestrictions.none.priorities,
            types: choices(value["types"]).map(Set.init) ?? ContentRestrictions.none.types, location: value.location,
            sameAs: sameAs)
    }

    private func schedule(_ value: Value?) -> ConnectorSchedule {
        guard let value else { return .always }
        if value.text == "never" { return ConnectorSchedule(times: .never, location: value.location) }
        func times(_ list: Value?) -> ConnectorSchedule.Times {
            guard let list else { return .always }
            return .at(list.elements.compactMap { element in element.text.flatMap { WeeklyTimes.window($0, at: element.location) } })
        }
        let oversize = value["oversize"].flatMap { oversize in
            oversize["over"].size(default: nil).map { ConnectorSchedule.Oversize(over: $0, times: times(oversize["at"])) }
        }
        return ConnectorSchedule(times: times(value["at"]), oversize: oversize, location: value.location)
    }

    private func pull(_ value: Value) -> Pull {
        Pull(
            method: choice(value["method"], default: .etrn), domains: (value["domains"]?.elements ?? []).compactMap { domain($0) },
            from: smartHost(value["from"]), whenSending: value["when_sending"]?.boolean ?? true,
            times: (value["at"]?.elements ?? []).compactMap { element in
                element.text.flatMap { WeeklyTimes.moment($0, at: element.location) }
            }, location: value.location)
    }

    private func link(_ value: Value) -> LinkCommands {
        func words(_ list: Value?) -> [String]? { list.map { $0.elements.compactMap(\.text) } }
        let defaults = LinkCommands(up: [])
        return LinkCommands(
            up: words(value["up"]) ?? [], down: words(value["down"]), upTimeout: value["up_timeout"]?.duration ?? defaults.upTimeout,
            idle: value["idle"]?.duration ?? defaults.idle, location: value.location)
    }
}
